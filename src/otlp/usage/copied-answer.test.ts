import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../call.ts';
import type { AttributeValue } from '../decode/trace-export.ts';
import { SpanReader } from '../dialects/span-reader.ts';
import { aSpan } from '../otlp-builders.contract.ts';

type Given = Readonly<Record<string, AttributeValue>>;

const USAGE = {
  input_tokens: 2000,
  output_tokens: 100,
  cache_read_input_tokens: 1000,
  cache_creation_input_tokens: 500,
};

function promptOf(prompt: number, given: Given, prefix = 'gen_ai.usage.input_tokens'): number | null {
  const attributes = { [prefix]: prompt, 'gen_ai.usage.output_tokens': 100, ...given };
  return readCall(new SpanReader(aSpan({ attributes, scopeName: 'logfire.anthropic' })), 'chat').promptTokens;
}

test("who wrote the input of Claude's answer has left out its cache, and who wrote more has not", () => {
  for (const answer of [
    { response_data: JSON.stringify({ usage: USAGE }) },
    { 'gen_ai.usage.raw': JSON.stringify(USAGE) },
  ]) {
    assert.equal(promptOf(2000, answer), 3500);
    assert.equal(promptOf(2000, { ...answer, 'gen_ai.usage.total_tokens': 2100 }), 3500);
    assert.equal(promptOf(3500, answer), 3500);
  }
});

test("so it is of Bedrock's answer", () => {
  const usage = { inputTokens: 2000, outputTokens: 100, cacheReadInputTokens: 1000, cacheWriteInputTokens: 500 };
  const outputs = JSON.stringify({ usage });
  for (const prompt of [2000, 3500]) {
    const tokens = {
      input_tokens: prompt,
      output_tokens: 100,
      total_tokens: prompt + 100,
      cache_read_input_tokens: 1000,
    };
    const attributes = { 'mlflow.chat.tokenUsage': JSON.stringify(tokens), 'mlflow.spanOutputs': outputs };
    assert.equal(readCall(new SpanReader(aSpan({ attributes })), 'chat').promptTokens, 3500, String(prompt));
  }
});

test("of an answer in OpenAI's form the cache lies inside, whatever other names it has", () => {
  const usage = { ...USAGE, input_tokens_details: { cached_tokens: 1000 } };
  assert.equal(promptOf(2000, { response_data: JSON.stringify({ usage }) }), 2000);
});
