import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../src/commands/traffic/seeded-random.ts';
import { type Audit, eventually, get, getJson, post } from './http-calls.ts';
import { dataDirFor, type Server, serverFor, startServer } from './running-server.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const KILLS = 6;
/** The calls lie in November 2026. */
const SETTINGS = { CALLS_PER_SECOND_MAX: '1000000', CALLS_RETENTION: '36500d' };

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: object;
    readonly scopeSpans: readonly { readonly scope: object; readonly spans: readonly object[] }[];
  }[];
}

/** Every capture that was sent as JSON, cut into exports of one span. */
function singleSpans(): readonly string[] {
  const folders = ['clients/', 'otlp/', ...fieldFolders()];
  const bodies = folders.flatMap((folder) =>
    readdirSync(new URL(folder, FIXTURES))
      .filter((file) => file.endsWith('.json') && !/meta|expect|logs|metrics/.test(file))
      .map((file) => JSON.parse(readFileSync(new URL(`${folder}${file}`, FIXTURES), 'utf8')) as Partial<Export>),
  );
  return bodies.flatMap(({ resourceSpans = [] }) =>
    resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, spans }) =>
        spans.map((span) => JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] })),
      ),
    ),
  );
}

function fieldFolders(): readonly string[] {
  const entries = readdirSync(new URL('field/', FIXTURES), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `field/${name}/`);
}

/** How many reports are durable. */
async function reportsTaken({ ingestion }: Server): Promise<number> {
  const { text } = await get(`${ingestion}/metrics`);
  return Number(/streamlens_events_accepted_total\{type="report"\} (\d+)/.exec(text)?.[1] ?? 0);
}

async function isTaken(server: Server, body: string): Promise<boolean> {
  try {
    return (await post(`${server.ingestion}/v1/traces`, body)).status === 200;
  } catch {
    return false;
  }
}

/** What a reader sees, once the books have taken that many reports. */
async function seenBy(server: Server, reports: number): Promise<object> {
  await eventually(20_000, `${reports} reports`, async () => {
    const { totals } = await getJson<{ totals: { reports: { accepted: number } } }>(`${server.metrics}/v1/audit`);
    return totals.reports.accepted >= reports ? true : undefined;
  });
  const { audit: _, ...books } = await getJson<Audit & { readonly audit: unknown }>(`${server.metrics}/v1/audit`);
  assert.equal(books.balanced, true);
  const range = 'from=2026-11-01T00:00:00Z&to=2026-12-31T00:00:00Z';
  const { tenants } = await getJson<{ tenants: { value: string }[] }>(`${server.metrics}/v1/dimensions`);
  const seen: Record<string, unknown> = {};
  for (const { value } of tenants) {
    const tenant = `tenant_id=${encodeURIComponent(value)}&${range}`;
    const { metrics } = await getJson<{ metrics: object[] }>(`${server.metrics}/v1/metrics?${tenant}&limit=10000`);
    const { calls } = await getJson<{ calls: object[] }>(`${server.metrics}/v1/calls?${tenant}&limit=1000`);
    // A tenant that a call had only until more was known of it has nothing left.
    if (metrics.length + calls.length > 0) seen[value] = { metrics, calls };
  }
  return seen;
}

test(`spans in exports of their own, in any order, with ${KILLS} kills between them, come to the same rows as all at once`, async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const spans = singleSpans();
  assert.ok(spans.length > 40, `${spans.length} spans`);

  const whole = await serverFor(t, SETTINGS);
  for (const body of spans) assert.ok(await isTaken(whole, body));
  const reports = await reportsTaken(whole);
  const expected = await seenBy(whole, reports);

  const dataDir = dataDirFor(t);
  let server = await startServer(dataDir, SETTINGS);
  t.after(() => server.process.kill('SIGKILL'));
  const shuffled = spans.map((body) => ({ body, key: random.next() })).sort((a, b) => a.key - b.key);
  const kills = new Set(Array.from({ length: KILLS }, () => Math.floor(random.next() * shuffled.length)));
  for (const [index, { body }] of shuffled.entries()) {
    if (kills.has(index)) {
      server.process.kill('SIGKILL');
      await server.exited;
      server = await startServer(dataDir, SETTINGS);
    }
    assert.ok(await isTaken(server, body));
    if (random.next() < 0.1) await sleep(random.next() * 300);
  }
  await eventually(20_000, 'the same rows', async () => {
    const seen = await seenBy(server, reports);
    return JSON.stringify(seen) === JSON.stringify(expected) ? true : undefined;
  }).catch(async () => assert.deepEqual(await seenBy(server, reports), expected));
});
