import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { getJson, post } from './http-calls.ts';
import { serverFor } from './running-server.ts';
import { until } from './until.ts';

const CLIENTS = fileURLToPath(new URL('../fixtures/clients', import.meta.url));

/** What one call must show; what is not named is not checked. */
type Expected = Readonly<Record<string, string | number | null>>;
type Call = Readonly<Record<string, unknown>> & { readonly request_id: string };

interface Export {
  readonly client: string;
  readonly truth_calls: number;
  readonly expected: readonly Expected[];
}

/** Not right yet, and who is at it. An entry must go as soon as its case is right: then the test fails. */
const WAITING: Readonly<Record<string, string>> = {};

/** The short names of the fixtures, and the fields of a call. */
const FIELDS: Readonly<Record<string, string>> = {
  prompt: 'prompt_tokens',
  completion: 'completion_tokens',
  cached: 'cached_prompt_tokens',
  cache_write: 'cache_write_tokens',
  reasoning: 'reasoning_tokens',
  ttft_ms: 'time_to_first_token_ms',
  cost: 'estimated_cost_usd',
  user: 'user_id_hash',
  session: 'session_id',
};

test('exports of clients that were once counted wrong are counted right', async (t) => {
  const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '1000000', CALLS_RETENTION: '36500d' });
  const cases = JSON.parse(readFileSync(join(CLIENTS, 'expected.json'), 'utf8')) as Record<string, Export>;
  const bodies = new Map(Object.keys(cases).map((file) => [file, readFileSync(join(CLIENTS, file), 'utf8')]));
  assert.ok(bodies.size >= 12);
  for (const [file, body] of bodies)
    assert.equal((await post(`${server.ingestion}/v1/traces`, body)).status, 200, file);

  const assertCounted = async (file: string, { expected, truth_calls: count }: Export): Promise<void> => {
    const traceIds = new Set(
      [...(bodies.get(file) ?? '').matchAll(/"traceId": ?"([0-9a-f]{32})"/g)].map(([, id]) => id),
    );
    const { calls: all } = await getJson<{ calls: readonly Call[] }>(
      `${server.metrics}/v1/calls?tenant_id=acme&limit=1000`,
    );
    const calls = all.filter(({ request_id: id }) => traceIds.has(id.slice(0, 32)));
    assert.equal(calls.length, count, JSON.stringify(calls));
    const rest = [...calls];
    for (const call of expected) {
      const place = rest.findIndex((actual) => isCall(actual, call));
      assert.notEqual(place, -1, `no call is ${JSON.stringify(call)}; left are ${JSON.stringify(rest)}`);
      rest.splice(place, 1);
    }
  };

  for (const [file, of] of Object.entries(cases).filter(([name]) => WAITING[name] === undefined)) {
    await t.test(`${file}: ${of.client}`, () => until(() => assertCounted(file, of)));
  }
  for (const [file, of] of Object.entries(cases).filter(([name]) => WAITING[name] !== undefined)) {
    await t.test(`${file} waits for ${WAITING[file]}`, () => assert.rejects(assertCounted(file, of)));
  }
});

function isCall(actual: Call, expected: Expected): boolean {
  return Object.entries(expected).every(([name, value]) => isValue(name, actual[FIELDS[name] ?? name], value));
}

function isValue(name: string, actual: unknown, expected: string | number | null): boolean {
  if (typeof expected !== 'number') {
    if (expected === null) return actual === null;
    // "openai or null", and an explanation in brackets behind a name.
    const names = expected.split(' or ').map((each) => each.split(' (', 1)[0]);
    if (name === 'error') return String(actual).includes(expected);
    return names.includes(String(actual));
  }
  if (typeof actual !== 'number') return false;
  return name === 'cost' ? Math.abs(actual - expected) <= Math.max(1e-9, expected * 1e-6) : actual === expected;
}
