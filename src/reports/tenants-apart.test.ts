import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from './report.ts';
import { resolve } from './resolve.ts';

const START = 1_795_486_623_000;
const SDK = 'com.anthropic.sdk.messages';

let spans = 0;
const spanId = (): string => (++spans).toString(16).padStart(16, '0');

/** A call of its own trace; all are of one process, and alike. */
function aCall(tenant: string | null, given: Partial<Report> = {}): Report {
  const span = spanId();
  return {
    sender: '',
    trace_id: span.repeat(2),
    span_id: span,
    kind: 'call',
    scope: SDK,
    process: 'svc\n\n\n1',
    start_ms: START,
    duration_ms: 400,
    facts: { model: 'm', prompt_tokens: 7, completion_tokens: 3 },
    ...(tenant === null ? {} : { names: { tenant } }),
    ...given,
  };
}

const tenantsOf = (...reports: readonly Report[]): readonly string[] =>
  resolve(reports)
    .map(({ request }) => request.tenant_id)
    .sort((a, b) => (a < b ? -1 : 1));

test('calls of two named tenants are two, however alike they are and whoever reports them', () => {
  const other = { scope: 'langchain', start_ms: START + 3, duration_ms: 390 };
  assert.deepEqual(tenantsOf(aCall('acme'), aCall('globex', other)), ['acme', 'globex']);
  const inTrace = { ...other, trace_id: 'a'.repeat(32) };
  assert.deepEqual(tenantsOf(aCall('acme', { trace_id: 'a'.repeat(32) }), aCall('globex', inTrace)), [
    'acme',
    'globex',
  ]);
  // Whoever names no tenant may be of either.
  assert.deepEqual(tenantsOf(aCall('acme'), aCall(null, other)), ['acme']);
  assert.deepEqual(tenantsOf(aCall('acme'), aCall('acme', other)), ['acme']);
});

test('a tenant that a span around names later parts two calls again', () => {
  const above: Report = { ...aCall('globex'), kind: 'context', facts: {} };
  const below = aCall(null, { scope: 'langchain', trace_id: above.trace_id, parent_id: above.span_id });
  assert.deepEqual(tenantsOf(aCall('acme'), below), ['acme']);
  assert.deepEqual(tenantsOf(aCall('acme'), below, above), ['acme', 'globex']);
});

test('a call whose tenant nobody named binds no others together', () => {
  const trace_id = 'b'.repeat(32);
  const of = (tenant: string | null, scope: string) => aCall(tenant, { trace_id, scope });
  assert.deepEqual(tenantsOf(of('acme', SDK), of(null, 'openlit'), of('globex', 'langchain')), ['acme', 'globex']);
});

test('a log record goes to the call of its own tenant', () => {
  const record = (tenant: string): Report =>
    aCall(tenant, { kind: 'wire', is_log: true, is_traceless: true, start_ms: START + 400, duration_ms: null });
  assert.deepEqual(tenantsOf(aCall('acme'), record('globex')), ['acme', 'globex']);
  assert.deepEqual(tenantsOf(aCall('acme'), aCall('globex'), record('globex'), record('acme')), ['acme', 'globex']);
});

test('a response id says more than names do', () => {
  const response_id = 'resp_0123456789abcdef';
  assert.equal(
    tenantsOf(aCall('acme', { response_id }), aCall('globex', { response_id, scope: 'langchain' })).length,
    1,
  );
});

test('nobody reads the response of another tenant again', () => {
  for (const response_id of ['chatcmpl-77', 'resp_0123456789abcdef']) {
    const later = (tenant: string | null) => aCall(tenant, { response_id, start_ms: START + 60_000 });
    assert.deepEqual(tenantsOf(aCall('acme', { response_id }), later('globex')), ['acme', 'globex'], response_id);
    assert.deepEqual(tenantsOf(aCall('acme', { response_id }), later('acme')), ['acme'], response_id);
    assert.deepEqual(tenantsOf(aCall('acme', { response_id }), later(null)), ['acme'], response_id);
  }
});
