import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { chooseUsage } from '../../usage/choose-usage.ts';
import { readUsage } from '../../usage/read-usage.ts';
import { SpanReader } from '../span-reader.ts';

test("OpenInference names no lifetime of Claude's cache and no compaction: the answer that it keeps tells them", () => {
  const scopeName = 'openinference.instrumentation.anthropic';
  const usage = {
    input_tokens: 14,
    output_tokens: 21,
    cache_read_input_tokens: 1024,
    cache_creation_input_tokens: 256,
    cache_creation: { ephemeral_5m_input_tokens: 56, ephemeral_1h_input_tokens: 200 },
    iterations: [
      { type: 'compaction', input_tokens: 50_000, output_tokens: 900 },
      { type: 'message', input_tokens: 14, output_tokens: 21 },
    ],
  };
  const attributes = {
    'llm.token_count.prompt': 1294,
    'llm.token_count.completion': 21,
    'llm.token_count.prompt_details.cache_read': 1024,
    'llm.token_count.prompt_details.cache_write': 256,
    'llm.token_count.total': 1315,
    'output.value': JSON.stringify({ id: 'msg_1', type: 'message', usage }),
  };
  const reader = new SpanReader(aSpan({ attributes, scopeName }));
  const told = chooseUsage(readUsage({ reader, scopeName, model: null, provider: 'anthropic' }), 'chat');
  assert.deepEqual(
    [told.promptTokens, told.completionTokens, told.cachedTokens, told.cacheWriteTokens, told.cacheWrite1hTokens],
    [51_294, 921, 1024, 256, 200],
  );
});

test('for Node.js it copied the input of Claude, beside which the cache lies', () => {
  const answer = { input_tokens: 2000, cache_read_input_tokens: 1000, cache_creation_input_tokens: 500 };
  const promptOf = (prompt: number, given: Record<string, number>) => {
    const attributes = {
      'llm.model_name': 'claude-sonnet-4-5',
      'llm.token_count.prompt': prompt,
      'llm.token_count.completion': 100,
      'llm.token_count.total': prompt + 100,
      'output.value': JSON.stringify({ usage: answer }),
      ...given,
    };
    return readCall(new SpanReader(aSpan({ attributes })), 'chat').promptTokens;
  };
  assert.equal(promptOf(2000, {}), 3500);
  assert.equal(promptOf(3500, { 'llm.token_count.prompt_details.cache_read': 1000 }), 3500);
});
