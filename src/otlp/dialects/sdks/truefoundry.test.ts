import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classifyByDialect } from '../dialects.ts';
import { SpanReader } from '../span-reader.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;
const readerOf = (attributes: Attributes): SpanReader => new SpanReader(aSpan({ attributes }));
const roleOf = (attributes: Attributes): string | undefined => classifyByDialect(readerOf(attributes))?.role;

test("a try at a provider is TrueFoundry's call, the request is around it, and what is no model call is none", () => {
  const told = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o' };
  assert.equal(roleOf({ ...told, 'tfy.span_type': 'ChatCompletion' }), 'outer');
  assert.equal(roleOf({ ...told, 'tfy.span_type': 'Model', 'tfy.model.request_type': 'ChatCompletion' }), 'call');
  assert.equal(roleOf({ 'tfy.span_type': 'Model', 'tfy.model.request_type': 'AgentResponse' }), 'call');
  assert.equal(roleOf({ 'tfy.span_type': 'Embedding' }), 'outer');
  assert.equal(roleOf({ 'tfy.span_type': 'Model', 'tfy.model.request_type': 'Rerank' }), 'none');
  assert.equal(roleOf({ 'tfy.span_type': 'Guardrail' }), 'none');
  assert.equal(roleOf({ 'tfy.span_type': 'MCP' }), 'none');
});

test('the measures of a call of TrueFoundry are its tokens, its cost and its first token', () => {
  const call = readCall(
    readerOf({
      'tfy.span_type': 'Model',
      'tfy.model.name': 'openai-main/gpt-4o',
      'tfy.model.metric.input_tokens': 1000,
      'tfy.model.metric.output_tokens': 50,
      'tfy.model.metric.cache_read_input_tokens': 400,
      'tfy.model.metric.latency_in_ms': 900,
      'tfy.model.metric.inter_token_latency_in_ms': 7,
      'tfy.model.metric.time_to_first_token_in_ms': 3,
      'tfy.model.metric.cost_in_usd': 0.0025,
    }),
    'chat',
  );
  assert.deepEqual(
    [call.promptTokens, call.completionTokens, call.cachedTokens, call.firstTokenMs],
    [1000, 50, 400, 3],
  );
});
