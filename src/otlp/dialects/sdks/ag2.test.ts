import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classifyByDialect } from '../dialects.ts';
import { SpanReader } from '../span-reader.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;
const SCOPE = 'opentelemetry.instrumentation.ag2';
const readerOf = (attributes: Attributes): SpanReader => new SpanReader(aSpan({ scopeName: SCOPE, attributes }));
const roleOf = (attributes: Attributes): string | undefined => classifyByDialect(readerOf(attributes))?.role;

test('what AG2 accounts for once more is no call, and what has no call of its own is one', () => {
  const usage = { 'ag2.span.type': 'usage', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 5 };
  assert.equal(roleOf({ ...usage, 'ag2.usage.kind': 'model_call' }), 'none');
  for (const kind of ['subtask', 'compaction', 'aggregation']) {
    assert.equal(roleOf({ ...usage, 'ag2.usage.kind': kind }), 'call', kind);
  }
  assert.equal(roleOf({ 'ag2.span.type': 'llm', 'gen_ai.operation.name': 'chat' }), 'call');
  assert.equal(roleOf({ 'ag2.span.type': 'agent', 'gen_ai.operation.name': 'invoke_agent' }), 'none');
});

test("AG2's counts are the API's: the cache of Claude and the thoughts of Gemini lie beside", () => {
  const counts = { 'gen_ai.usage.input_tokens': 2000, 'gen_ai.usage.output_tokens': 20 };
  const cached = { 'gen_ai.usage.cache_read_input_tokens': 1000, 'gen_ai.usage.cache_creation_input_tokens': 500 };
  const of = (provider: string, given: Attributes) => {
    const call = readCall(readerOf({ ...counts, ...given, 'gen_ai.provider.name': provider }), 'chat');
    return [call.promptTokens, call.completionTokens];
  };
  assert.deepEqual(of('anthropic', cached), [3500, 20]);
  assert.deepEqual(of('openai', cached), [2000, 20]);
  assert.deepEqual(of('google', { 'gen_ai.usage.thinking_tokens': 15 }), [2000, 35]);
});
