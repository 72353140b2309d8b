import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

const SUM = {
  'openclaw.provider': 'anthropic',
  'openclaw.model': 'claude-haiku-4-5',
  'openclaw.tokens.input': 2,
  'openclaw.tokens.output': 246,
  'openclaw.tokens.cache_read': 94_270,
  'openclaw.tokens.cache_write': 379,
  'openclaw.tokens.total': 94_897,
};

const read = (name: string, attributes: Readonly<Record<string, AttributeValue>>) =>
  new SpanReader(aSpan({ name, scopeName: 'openclaw', attributes }));

test('the span that adds up the calls of a run is none beside the spans of its calls', () => {
  const sum = { ...SUM, 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 94_651 };
  assert.equal(classify(read('openclaw.model.usage', sum)).role, 'none');
  const call = {
    'openclaw.model': 'claude-haiku-4-5',
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 1100,
    'gen_ai.usage.output_tokens': 10,
    'gen_ai.usage.cache_read.input_tokens': 1000,
  };
  assert.equal(classify(read('openclaw.model.call', call)).role, 'call');
  assert.equal(classify(read('chat claude-haiku-4-5', call)).role, 'call');
  assert.equal(readCall(read('openclaw.model.call', call), 'chat').promptTokens, 1100);
});

test('of a version without spans of calls it is the call, with disjoint counts', () => {
  const reader = read('openclaw.model.usage', SUM);
  assert.equal(classify(reader).role, 'call');
  const { provider, requestModel, promptTokens, completionTokens, cachedTokens, cacheWriteTokens } = readCall(
    reader,
    'chat',
  );
  assert.deepEqual([provider, requestModel], ['anthropic', 'claude-haiku-4-5']);
  assert.deepEqual([promptTokens, completionTokens, cachedTokens, cacheWriteTokens], [94_651, 246, 94_270, 379]);
});
