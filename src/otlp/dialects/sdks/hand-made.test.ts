import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

type Given = Readonly<Record<string, AttributeValue>>;

function read(attributes: Given): readonly unknown[] {
  const reader = new SpanReader(aSpan({ name: 'ask the model', attributes }));
  const call = readCall(reader, 'chat');
  return [classify(reader).role, call.promptTokens, call.completionTokens, call.cachedTokens];
}

test('counts that an application wrote by hand stand for a call, under the names that people choose', () => {
  const names: readonly Given[] = [
    { 'llm.input_tokens': 1000, 'llm.output_tokens': 60, 'llm.total_tokens': 1060, 'llm.cached_tokens': 500 },
    { 'llm.prompt_tokens': 1000, 'llm.completion_tokens': 60, 'llm.cache_read_tokens': 500 },
    { 'llm.tokens.input': 1000, 'llm.tokens.output': 60, 'llm.tokens.total': 1060, 'llm.tokens.cached': 500 },
    { 'llm.tokens.usage.prompt': 1000, 'llm.tokens.usage.completion': 60, 'llm.tokens.cache_read': 500 },
    { 'llm.token_usage.prompt_tokens': 1000, 'llm.token_usage.completion_tokens': 60, 'llm.cached_tokens': 500 },
    { 'ai.tokens.prompt': 1000, 'ai.tokens.completion': 60, 'ai.tokens.cached': 500 },
    { 'gen_ai.tokens.input': 1000, 'gen_ai.tokens.output': 60, 'gen_ai.tokens.cached': 500 },
    { model: 'gpt-4.1', prompt_tokens: 1000, completion_tokens: 60, cached_tokens: 500 },
  ];
  for (const counts of names) assert.deepEqual(read({ 'llm.model': 'gpt-4.1', ...counts }), ['outer', 1000, 60, 500]);
});

test('what an application asks for, or may ask for, is no count', () => {
  assert.equal(read({ 'llm.model': 'gpt-4.1', 'llm.max_tokens': 500, 'llm.tokens.limit': 1000 })[0], 'none');
  assert.equal(read({ prompt_tokens: 1000, completion_tokens: 60 })[0], 'none');
});

test("Judgment's counts are disjoint, agentUniverse's are not", () => {
  const judgment = {
    'judgment.span_kind': 'llm',
    'judgment.usage.non_cached_input_tokens': 2000,
    'judgment.usage.output_tokens': 100,
    'judgment.usage.cache_read_input_tokens': 1000,
    'judgment.usage.cache_creation_input_tokens': 500,
  };
  assert.deepEqual(read(judgment), ['call', 3500, 100, 1000]);
  const universe = { 'au.llm.usage.prompt_tokens': 1000, 'au.llm.usage.completion_tokens': 60 };
  assert.deepEqual(read({ 'au.span.kind': 'llm', ...universe }), ['call', 1000, 60, null]);
});

test('what Bifrost tells of a call of Claude beside the convention is a part of it', () => {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 1300,
    'gen_ai.usage.output_tokens': 345,
    'gen_ai.usage.total_tokens': 1645,
    'gen_ai.usage.cache_read.input_tokens': 200,
    'gen_ai.usage.cache_creation.input_tokens': 100,
    'gen_ai.usage.prompt_token_details.text_tokens': 1000,
    'gen_ai.usage.prompt_token_details.cached_write_tokens_5m': 60,
    'gen_ai.usage.prompt_token_details.cached_write_tokens_1h': 40,
    'gen_ai.usage.completion_token_details.citation_tokens': 5,
    'gen_ai.usage.completion_token_details.num_search_queries': 2,
  };
  const call = readCall(new SpanReader(aSpan({ attributes })), 'chat');
  assert.deepEqual([call.promptTokens, call.completionTokens, call.cachedTokens], [1300, 345, 200]);
  assert.deepEqual([call.cacheWriteTokens, call.cacheWrite1hTokens, call.webSearchRequests], [100, 40, 2]);
});

test('the lifetimes of a cache that a plugin of Dash0 tells complete the counts of the convention', () => {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 2,
    'gen_ai.usage.output_tokens': 14,
    'gen_ai.usage.cache_creation.input_tokens': 700,
    'dash0.gen_ai.usage.cache_creation.ephemeral_1h.input_tokens': 500,
    'dash0.gen_ai.usage.cache_creation.ephemeral_5m.input_tokens': 200,
  };
  const call = readCall(new SpanReader(aSpan({ attributes })), 'chat');
  assert.deepEqual([call.promptTokens, call.cacheWriteTokens, call.cacheWrite1hTokens], [702, 700, 500]);
});
