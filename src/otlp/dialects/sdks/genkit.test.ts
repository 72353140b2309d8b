import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { SpanReader } from '../span-reader.ts';

function countsOf(name: string, output: object) {
  const attributes = { 'genkit:name': name, 'genkit:output': JSON.stringify(output) };
  const call = readCall(new SpanReader(aSpan({ scopeName: 'genkit-tracer', attributes })), 'chat');
  return [
    call.promptTokens,
    call.completionTokens,
    call.cachedTokens,
    call.cacheWriteTokens,
    call.cacheWrite1hTokens,
    call.reasoningTokens,
  ];
}

const CLAUDE = 'anthropic/claude-sonnet-4-5';
const RAW = { input_tokens: 7, output_tokens: 50, cache_creation_input_tokens: 2000, cache_read_input_tokens: 8000 };

test("the cache of Claude stands in a corner of Genkit's usage, in the provider's answer, or in both", () => {
  const custom = {
    cache_creation_input_tokens: 2000,
    cache_read_input_tokens: 8000,
    ephemeral_5m_input_tokens: 500,
    ephemeral_1h_input_tokens: 1500,
  };
  const usage = { inputTokens: 7, outputTokens: 50 };
  assert.deepEqual(countsOf(CLAUDE, { usage: { ...usage, custom } }), [10_007, 50, 8000, 2000, 1500, null]);
  assert.deepEqual(countsOf(CLAUDE, { usage, raw: { usage: RAW } }), [10_007, 50, 8000, 2000, null, null]);
  const both = { usage: { ...usage, custom }, raw: { usage: RAW } };
  assert.deepEqual(countsOf(CLAUDE, both), [10_007, 50, 8000, 2000, 1500, null]);
});

test("the answer of OpenAI tells the parts that Genkit's usage leaves out", () => {
  const raw = {
    usage: {
      prompt_tokens: 1000,
      completion_tokens: 300,
      prompt_tokens_details: { cached_tokens: 400 },
      completion_tokens_details: { reasoning_tokens: 256 },
      total_tokens: 1300,
    },
  };
  const usage = { inputTokens: 1000, outputTokens: 300, totalTokens: 1300 };
  assert.deepEqual(countsOf('openai/gpt-5', { usage, raw }), [1000, 300, 400, null, null, 256]);
});
