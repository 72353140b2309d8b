import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, getJson, post } from './http-calls.ts';
import { serverFor } from './running-server.ts';

const CAPTURES = fileURLToPath(new URL('../fixtures/otlp', import.meta.url));

interface Meta {
  readonly posts: readonly {
    readonly file: string;
    readonly signal: string;
    readonly path: string;
    readonly content_type: string;
    readonly content_encoding?: string | null;
    /** The compressed body, where it was sent so. */
    readonly file_as_sent?: string;
  }[];
  readonly reported: { readonly calls: readonly { readonly span_id: string }[] };
}

interface Call {
  readonly request_id: string;
}

const metas = readdirSync(CAPTURES)
  .filter((name) => name.endsWith('.meta.json'))
  .map((name) => ({ name, meta: JSON.parse(readFileSync(join(CAPTURES, name), 'utf8')) as Meta }));

test('every capture, posted as its SDK sent it, counts exactly the calls that it reports', async (t) => {
  const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '1000000' });
  const expected = new Set<string>();
  for (const { name, meta } of metas) {
    for (const {
      file,
      path,
      content_type: type,
      content_encoding: encoding,
      file_as_sent: sent = file,
    } of meta.posts) {
      const headers = { 'content-type': type, ...(encoding ? { 'content-encoding': encoding } : {}) };
      const { status } = await post(`${server.ingestion}${path}`, readFileSync(join(CAPTURES, sent)), headers);
      assert.equal(status, 200, `${name}: ${file}`);
    }
    for (const { span_id: spanId } of meta.reported.calls) expected.add(spanId);
  }
  const counted = await eventually(`${expected.size} calls`, async () => {
    const ids = await allSpanIds(server.metrics);
    return ids.length >= expected.size ? ids : undefined;
  });
  assert.deepEqual([...counted].sort(), [...expected].sort());
});

/** The span ids of all calls of all tenants; a request_id is `<trace id>-<span id>`. */
async function allSpanIds(metricsUrl: string): Promise<string[]> {
  const { tenants } = await getJson<{ tenants: { value: string }[] }>(`${metricsUrl}/v1/dimensions`);
  const lists = await Promise.all(
    tenants.map(({ value }) =>
      getJson<{ calls: Call[] }>(`${metricsUrl}/v1/calls?limit=1000&tenant_id=${encodeURIComponent(value)}`),
    ),
  );
  return lists.flatMap(({ calls }) => calls.map(({ request_id: id }) => id.split('-')[1] ?? ''));
}
