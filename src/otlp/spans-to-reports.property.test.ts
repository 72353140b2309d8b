import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { LlmRequest } from '../events/llm-request.ts';
import { LlmResponse } from '../events/llm-response.ts';
import { parseReport } from '../reports/parse-report.ts';
import type { Report } from '../reports/report.ts';
import { resolve } from '../reports/resolve.ts';
import { decodeTraces } from './decode/decode-traces.ts';
import { CLASSIFYING_KEYS } from './dialects/dialects.ts';
import { mappedKeys } from './dialects/mapping.ts';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { spansToReports } from './spans-to-reports.ts';
import { DIMENSION_KEYS, DimensionFinder } from './to-events/tenant-and-route.ts';

const keys = createKeyTable(SHIPPED_ATTRIBUTE_NAMES);
const dimensions = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);
const isRequest = Compile(LlmRequest);
const isResponse = Compile(LlmResponse);

const hex = (byteCount: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${byteCount * 2}}$`));

/** What makes a span a call in one dialect or another, so that most spans are. */
const marker = fc
  .constantFrom(
    ['gen_ai.operation.name', 'chat'],
    ['openinference.span.kind', 'LLM'],
    ['langfuse.observation.type', 'generation'],
    ['ai.operationId', 'ai.streamText.doStream'],
    ['ai.operationId', 'ai.streamText'],
    ['litellm.call_id', 'x'],
  )
  .map(([key, stringValue]) => ({ key, value: { stringValue } }));

/** Words that every plain object knows, though nobody put them there. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

/** Any value under any key that we read, and words under those that decide. */
const attribute = fc.record({
  key: fc.oneof(
    fc.constantFrom(...mappedKeys(), ...CLASSIFYING_KEYS, ...DIMENSION_KEYS),
    fc.string().map((key) => `ai.telemetry.metadata.${key}`),
  ),
  value: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }).map((stringValue) => ({ stringValue })),
    fc.json().map((stringValue) => ({ stringValue })),
    fc
      .constantFrom('LLM', 'chat', 'generation', 'ai.generateText', 'log', '\0', ...INHERITED)
      .map((stringValue) => ({ stringValue })),
    fc.oneof(fc.maxSafeInteger(), fc.nat(200)).map((intValue) => ({ intValue })),
    fc.double().map((value) => ({ doubleValue: String(value) })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.array(fc.string()).map((values) => ({ arrayValue: { values: values.map((stringValue) => ({ stringValue })) } })),
    fc.constant({}),
  ),
});

const span = fc.record(
  {
    traceId: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('a'.repeat(32)) }, hex(16), fc.string()),
    spanId: fc.oneof(fc.constantFrom('b'.repeat(16), 'c'.repeat(16)), hex(8)),
    parentSpanId: fc.constantFrom('', 'b'.repeat(16), 'c'.repeat(16)),
    name: fc.constantFrom('chat x', 'raw_gen_ai_request', 'POST'),
    kind: fc.nat(5),
    startTimeUnixNano: fc.bigInt({ min: 0n, max: 1n << 64n }).map(String),
    endTimeUnixNano: fc.bigInt({ min: 0n, max: 1n << 64n }).map(String),
    status: fc.record({ code: fc.nat(3), message: fc.string({ unit: 'binary' }) }),
    attributes: fc.tuple(fc.array(attribute, { maxLength: 12 }), marker).map(([some, mark]) => [...some, mark]),
  },
  { requiredKeys: ['traceId', 'spanId', 'startTimeUnixNano', 'attributes'] },
);

const scopeSpans = fc.record({
  scope: fc.record({ name: fc.constantFrom('ai', 'logfire.openai', 'openlit.instrumentation.x', 'litellm', '') }),
  spans: fc.array(span, { maxLength: 6 }),
});

function reportsOf(body: Buffer): readonly Report[] {
  const decoded = decodeTraces(body, 'json', keys);
  assert.ok(decoded.ok);
  const { translated } = spansToReports(decoded.value, { tenantOfKey: null, dimensions });
  return translated.flatMap(({ report }) => report ?? []);
}

test('whatever is sent, nothing throws, every report can be read back, and every call is one that the schemas accept', () => {
  let callCount = 0;
  fc.assert(
    fc.property(fc.array(scopeSpans, { maxLength: 3 }), (groups) => {
      const reports = reportsOf(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: groups }] })));
      for (const report of reports) {
        assert.deepEqual(parseReport(Buffer.from(JSON.stringify(report))), { ok: true, report });
      }
      const calls = resolve(reports);
      callCount += calls.length;
      for (const { request, response } of calls) {
        assert.ok(isRequest.Check(request), JSON.stringify([request, isRequest.Errors(request)]));
        assert.ok(isResponse.Check(response), JSON.stringify([response, isResponse.Errors(response)]));
        for (const half of [request, response]) assert.ok(Buffer.byteLength(JSON.stringify(half)) <= EVENT_BYTES_MAX);
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(callCount > 500, `only ${callCount} calls were made, which proves little`);
});

test('metadata nested without end is left out instead of exhausting the stack', () => {
  const stringValue = `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const attributes = [
    { key: 'metadata', value: { stringValue } },
    { key: 'openinference.span.kind', value: { stringValue: 'LLM' } },
  ];
  const one = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), startTimeUnixNano: '1795486810905000000', attributes };
  const [report] = reportsOf(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [one] }] }] })));
  assert.equal(report?.metadata?.['deep' as never], undefined);
});

test('metadata that JSON has no number for is left out, and the rest kept', () => {
  const attributes = [
    { key: 'ai.telemetry.metadata.score', value: { doubleValue: 'Infinity' } },
    { key: 'ai.telemetry.metadata.scores', value: { arrayValue: { values: [{ doubleValue: 'NaN' }] } } },
    { key: 'ai.telemetry.metadata.plan', value: { stringValue: 'team' } },
    { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
  ];
  const one = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), startTimeUnixNano: '1795486810905000000', attributes };
  const body = { resourceSpans: [{ scopeSpans: [{ scope: { name: 'ai' }, spans: [one] }] }] };
  const [report] = reportsOf(Buffer.from(JSON.stringify(body)));
  assert.deepEqual(report?.metadata, { plan: 'team' });
});
