import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../reports/resolve.ts';
import { reportsIn } from './captured-reports.contract.ts';

const BEGIN_MS = Date.UTC(2026, 10, 28, 13);
const NANOS = (ms: number) => `${BEGIN_MS + ms}000000`;

interface Given {
  readonly id: string;
  readonly above?: string;
  readonly startMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Prompt, cached and completion tokens of the calls. */
function callsOf(...given: readonly Given[]) {
  const spans = given.map(({ id, above = '', startMs, attributes }) => ({
    traceId: 'a'.repeat(32),
    spanId: id.repeat(16),
    parentSpanId: above.repeat(16),
    name: 'llm',
    startTimeUnixNano: NANOS(startMs),
    endTimeUnixNano: NANOS(startMs + 500),
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
    })),
  }));
  const body = { resourceSpans: [{ scopeSpans: [{ scope: { name: 'voice' }, spans }] }] };
  return resolve(reportsIn(Buffer.from(JSON.stringify(body)), 'json')).map(({ response }) => [
    response.prompt_tokens,
    response.cached_prompt_tokens ?? null,
    response.completion_tokens,
  ]);
}

/** Nothing says what it is: it may be a sum of calls. */
const SUM = {
  'gen_ai.usage.input_tokens': 1300,
  'gen_ai.usage.output_tokens': 100,
  'gen_ai.usage.cached_tokens': 1024,
};
const CALL = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'gpt-4.1',
  'gen_ai.usage.input_tokens': 1300,
  'gen_ai.usage.output_tokens': 100,
};

test('what may be a sum is the one call below it where both count the same, and tells what that does not', () => {
  const sum: Given = { id: '1', startMs: 0, attributes: SUM };
  assert.deepEqual(callsOf(sum, { id: '2', above: '1', startMs: 10, attributes: CALL }), [[1300, 1024, 100]]);
});

test('a sum of several calls, or of another count, tells nothing of any', () => {
  const sum: Given = { id: '1', startMs: 0, attributes: SUM };
  const call: Given = { id: '2', above: '1', startMs: 10, attributes: CALL };
  const other: Given = { ...call, attributes: { ...CALL, 'gen_ai.usage.output_tokens': 50 } };
  assert.deepEqual(callsOf(sum, other), [[1300, null, 50]]);
  assert.deepEqual(callsOf(sum, call, { ...call, id: '3', startMs: 200 }), [
    [1300, null, 100],
    [1300, null, 100],
  ]);
});
