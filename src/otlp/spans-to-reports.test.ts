import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../reports/resolve.ts';
import type { ResolvedCall } from '../reports/resolved-call.ts';
import type { OtlpSpan } from './decode/trace-export.ts';
import { aSpan, spanId } from './otlp-builders.contract.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { spansToReports } from './spans-to-reports.ts';
import { DimensionFinder } from './to-events/tenant-and-route.ts';

const dimensions = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);
const CHAT = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o' };

function reportsOf(spans: readonly OtlpSpan[], tenantOfKey: string | null = null) {
  const { translated, rejected } = spansToReports({ spans }, { tenantOfKey, dimensions });
  return { rejected, reports: translated.flatMap(({ report }) => report ?? []) };
}

function callsOf(spans: readonly OtlpSpan[], tenantOfKey: string | null = null): readonly ResolvedCall[] {
  return resolve(reportsOf(spans, tenantOfKey).reports);
}

const SERVICE = { 'service.name': 'shop' };

test('a call without a name for its model is counted under unknown', () => {
  assert.equal(callsOf([aSpan()])[0]?.request.model, 'unknown');
});

test('one bad span never costs the others', () => {
  const { reports, rejected } = reportsOf([
    aSpan({ traceId: 'x' }),
    aSpan({ attributes: CHAT }),
    aSpan({ startMs: 0 }),
  ]);
  assert.deepEqual([reports.length, rejected.length], [1, 2]);
  assert.match(rejected[0]?.reason ?? '', /trace_id/);
});

test('a root that says nothing gives no report, a link between two spans does', () => {
  const attributes = {};
  assert.equal(reportsOf([aSpan({ attributes })]).reports.length, 0);
  const [link] = reportsOf([aSpan({ attributes, parentSpanId: spanId(7) })]).reports;
  assert.deepEqual([link?.kind, link?.parent_id, link?.names], ['context', spanId(7), undefined]);
});

test('a parent that is no id is none', () => {
  for (const parentSpanId of ['\u0000', '0'.repeat(16), 'not an id', 'g'.repeat(16), 'a'.repeat(32)]) {
    const [call] = reportsOf([aSpan({ attributes: CHAT, parentSpanId })]).reports;
    assert.equal(call?.parent_id, undefined, JSON.stringify(parentSpanId));
  }
});

test('no report holds a prompt or an answer', () => {
  const secret = 'the treasure is under the oak';
  const attributes = {
    ...CHAT,
    'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ content: secret }] }]),
    'gen_ai.completion.0.content': secret,
    'input.value': secret,
    'output.value': secret,
  };
  assert.doesNotMatch(JSON.stringify(reportsOf([aSpan({ attributes })]).reports), /treasure/);
});

test("the API key's tenant wins over every attribute", () => {
  const spans = [aSpan({ attributes: { ...CHAT, 'tenant.id': 'other' } })];
  assert.equal(callsOf(spans, 'acme')[0]?.request.tenant_id, 'acme');
});

test('the spans of two senders are never one call', () => {
  const inner = reportsOf([aSpan({ spanId: spanId(1), parentSpanId: spanId(2), attributes: CHAT })], 'acme').reports;
  const outer = reportsOf([aSpan({ spanId: spanId(2), attributes: CHAT })], 'globex').reports;
  assert.equal(resolve([...inner, ...outer]).length, 2);
});

test('failed twins without an id are found by time, in traces of their own', () => {
  const failed = { attributes: CHAT, statusCode: 2, resource: SERVICE };
  const twins = [
    aSpan({ ...failed, scopeName: 'a', traceId: 'a'.repeat(32) }),
    aSpan({ ...failed, scopeName: 'b', traceId: 'b'.repeat(32), startMs: 1_795_486_623_930 }),
  ];
  assert.equal(callsOf(twins).length, 1);
});

test('calls of a process that nothing names are never twins by time', () => {
  const [a, b] = ['a', 'b'].map((scopeName, n) => aSpan({ spanId: spanId(n + 1), attributes: CHAT, scopeName }));
  assert.equal(callsOf([a as OtlpSpan, b as OtlpSpan]).length, 2);
});

test('six hundred concurrent calls of one instrumentation are six hundred calls', () => {
  const spans = Array.from({ length: 600 }, (_, i) =>
    aSpan({ spanId: spanId(i + 1), attributes: CHAT, resource: SERVICE }),
  );
  assert.equal(callsOf(spans).length, 600);
});

test('a span sent again with its final tokens has these, whichever came first', () => {
  const early = aSpan({ attributes: { ...CHAT, 'gen_ai.usage.output_tokens': 3 }, durationMs: 100 });
  const final = aSpan({ attributes: { ...CHAT, 'gen_ai.usage.output_tokens': 90 }, durationMs: 900 });
  for (const spans of [
    [early, final],
    [final, early],
  ]) {
    assert.equal(callsOf(spans)[0]?.response.completion_tokens, 90);
  }
});

test('an application and its gateway with a span between them are one call, in any order', () => {
  const app = aSpan({ spanId: spanId(1), attributes: CHAT, scopeName: 'app', resource: SERVICE });
  const http = aSpan({ spanId: spanId(2), parentSpanId: spanId(1), attributes: {}, name: 'POST' });
  const gateway = aSpan({ spanId: spanId(3), parentSpanId: spanId(2), attributes: CHAT, scopeName: 'gateway' });
  for (const spans of [
    [app, http, gateway],
    [gateway, app, http],
    [http, gateway, app],
  ]) {
    assert.deepEqual(
      callsOf(spans).map(({ request }) => request.request_id),
      [`${'a'.repeat(32)}-${spanId(3)}`],
    );
  }
});

test('two calls below one span of another kind stay two', () => {
  const server = aSpan({ spanId: spanId(1), attributes: { 'tenant.id': 't' }, kind: 2 });
  const calls = [2, 3].map((n) => aSpan({ spanId: spanId(n), parentSpanId: spanId(1), attributes: CHAT }));
  assert.deepEqual(
    callsOf([server, ...calls]).map(({ request }) => request.tenant_id),
    ['t', 't'],
  );
});
