import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { LlmRequest } from '../events/llm-request.ts';
import { LlmResponse } from '../events/llm-response.ts';
import { decodeTraces } from './decode/decode-traces.ts';
import { CLASSIFYING_KEYS } from './dialects/dialects.ts';
import { mappedKeys } from './dialects/mapping.ts';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { RecentCalls } from './fold/recent-calls.ts';
import { spansToEvents } from './spans-to-events.ts';
import { DEFAULT_ATTRIBUTE_NAMES, DIMENSION_KEYS, DimensionFinder } from './to-events/tenant-and-route.ts';

const keys = createKeyTable(DEFAULT_ATTRIBUTE_NAMES);
const dimensions = new DimensionFinder(DEFAULT_ATTRIBUTE_NAMES);
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

test('whatever is sent, nothing throws and every event is one that the schemas accept', () => {
  let eventCount = 0;
  fc.assert(
    fc.property(fc.array(scopeSpans, { maxLength: 3 }), (groups) => {
      const body = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: groups }] }));
      const decoded = decodeTraces(body, 'json', keys);
      assert.ok(decoded.ok);
      const recent = new RecentCalls();
      const options = { tenantOfKey: null, dimensions, recent };
      const result = spansToEvents(decoded.value, options);
      eventCount += result.events.length;
      for (const event of result.events) {
        const validator = event.type === 'request' ? isRequest : isResponse;
        assert.ok(validator.Check(event), JSON.stringify([event, validator.Errors(event)]));
        assert.ok(Buffer.byteLength(JSON.stringify(event)) <= EVENT_BYTES_MAX);
      }
      assert.equal(result.calls + result.ignored + result.rejected.length, decoded.value.spans.length);
      recent.remember(result.marks, 0);
      assert.deepEqual(
        spansToEvents(decoded.value, options).events,
        result.events,
        'sent again, the events are the same',
      );
    }),
    { numRuns: 1000 },
  );
  assert.ok(eventCount > 1000, `only ${eventCount} events were made, which proves little`);
});

test('metadata nested without end is left out instead of exhausting the stack', () => {
  const stringValue = `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const attributes = [
    { key: 'metadata', value: { stringValue } },
    { key: 'openinference.span.kind', value: { stringValue: 'LLM' } },
  ];
  const one = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), startTimeUnixNano: '1795486810905000000', attributes };
  const body = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [one] }] }] }));
  const decoded = decodeTraces(body, 'json', keys);
  assert.ok(decoded.ok);
  const { events } = spansToEvents(decoded.value, { tenantOfKey: null, dimensions, recent: null });
  assert.equal(events.length, 2);
});
