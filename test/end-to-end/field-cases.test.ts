import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Check, type FieldCase, fieldCases, mismatch, type Row } from './field-cases.ts';
import { get, getJson, post } from './http-calls.ts';
import { type Server, serverFor } from './running-server.ts';
import { until } from './until.ts';

/** Not right yet, and who is at it. An entry must go as soon as its case is right: then the test fails. */
const WAITING: Readonly<Record<string, string>> = {};

test('what users reported from the field is counted and priced right', async (t) => {
  const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '1000000', CALLS_RETENTION: '36500d' });
  const cases = fieldCases();
  assert.ok(cases.length >= 12);
  // One after another: the order makes an export the later one, not the wait before it.
  for (const { name, posts } of cases) {
    for (const { path, type, file, body } of posts) {
      const { status, text } = await post(`${server.ingestion}${path}`, body, { 'content-type': type });
      assert.ok(status === 200 || status === 202, `${name}, ${file}: ${status} ${text}`);
    }
  }
  for (const field of cases.filter(({ name }) => WAITING[name] === undefined)) {
    await t.test(`${field.name} comes out right`, () =>
      until(async () => assert.deepEqual(await faultsOf(field, server), [])),
    );
  }
  await t.test('what speaks of a model and is no call is shown to the operator, without values', async () => {
    const { ignored } = await getJson<{ ignored: readonly Row[] }>(`${server.ingestion}/v1/otlp/ignored`);
    const redis = ignored.find(({ scope }) => scope === 'opentelemetry.instrumentation.redis');
    assert.deepEqual(
      [redis?.['signal'], redis?.['count'], redis?.['attributes']],
      ['traces', 1, ['gen_ai.request.model']],
    );
    const { text } = await get(`${server.ingestion}/metrics`);
    assert.match(text, /streamlens_otlp_ignored_total\{signal="traces",scope="opentelemetry.instrumentation.redis"/);
  });
  for (const field of cases.filter(({ name }) => WAITING[name] !== undefined)) {
    await t.test(`${field.name} waits for ${WAITING[field.name]}`, async () => {
      assert.notDeepEqual(await faultsOf(field, server), [], 'It is right now: take it off the list');
    });
  }
});

async function faultsOf({ checks }: FieldCase, server: Server): Promise<readonly string[]> {
  const faults = await Promise.all(checks.map((check) => faultOf(check, server.metrics)));
  return faults.filter((fault) => fault !== null);
}

async function faultOf({ get: question, rows, lines_add_up: linesAddUp }: Check, url: string): Promise<string | null> {
  try {
    const answer = await getJson<Readonly<Record<string, unknown>>>(url + question);
    const list = (Object.values(answer).find(Array.isArray) ?? []) as readonly Row[];
    const fault = mismatch(list, rows) ?? (linesAddUp === true ? await lineFault(list, url) : null);
    return fault === null ? null : `${question}: ${fault}`;
  } catch (error) {
    return `${question}: ${(error as Error).message}`;
  }
}

/** The lines that explain a call's cost are its cost. */
async function lineFault(calls: readonly Row[], url: string): Promise<string | null> {
  for (const { request_id: id, tenant_id: tenant } of calls) {
    const question = `/v1/calls/${encodeURIComponent(String(id))}?tenant_id=${encodeURIComponent(String(tenant))}`;
    const { call } = await getJson<{ call: Row & { readonly cost_lines?: readonly { cost_usd: number }[] } }>(
      url + question,
    );
    const sum = (call.cost_lines ?? []).reduce((usd, line) => usd + line.cost_usd, 0);
    const cost = call['estimated_cost_usd'];
    if (typeof cost === 'number' && Math.abs(sum - cost) > 1e-9)
      return `the lines of ${String(id)} give ${sum}, not ${cost}`;
  }
  return null;
}
