import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '../decode/trace-export.ts';
import { SpanReader } from '../dialects/span-reader.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { chooseUsage } from './choose-usage.ts';
import { readUsage } from './read-usage.ts';

/** Prompt, completion, cached and written tokens. */
function wholesOf(attributes: Readonly<Record<string, AttributeValue>>, scopeName: string) {
  const reader = new SpanReader(aSpan({ attributes, scopeName }));
  const usage = chooseUsage(readUsage({ reader, scopeName, model: null, provider: null }), 'chat');
  return [usage.promptTokens, usage.completionTokens, usage.cachedTokens, usage.cacheWriteTokens];
}

/** An answer before which the conversation was shortened, as Anthropic's API counts. */
const COMPACTED = {
  input_tokens: 23_000,
  output_tokens: 1000,
  cache_read_input_tokens: 20_000,
  iterations: [
    {
      type: 'compaction',
      input_tokens: 150_000,
      output_tokens: 3500,
      cache_read_input_tokens: 50_000,
      cache_creation_input_tokens: 10_000,
    },
    { type: 'message', input_tokens: 23_000, output_tokens: 1000, cache_read_input_tokens: 20_000 },
    { type: 'advisor_message', model: 'claude-opus-5', input_tokens: 9000, output_tokens: 700 },
  ],
};

test("what Anthropic's SDK says of a compaction lies beside the answer's counts", () => {
  const attributes = {
    'gen_ai.usage.input_tokens': 23_000,
    'gen_ai.usage.output_tokens': 1000,
    'gen_ai.usage.cache_read.input_tokens': 20_000,
    'anthropic.usage.compaction.input_tokens': 180_000,
    'anthropic.usage.compaction.output_tokens': 3500,
  };
  assert.deepEqual(wholesOf(attributes, 'com.anthropic.sdk.typescript'), [203_000, 4500, 20_000, null]);
});

test("of the iterations of Anthropic's usage those of a compaction are added, with what its cache gave and took", () => {
  const attributes = { usage: JSON.stringify(COMPACTED) };
  assert.deepEqual(wholesOf(attributes, 'logfire.anthropic'), [253_000, 4500, 70_000, 10_000]);
});

test('a raw usage completes counts that are those of the answer', () => {
  const attributes = {
    'gen_ai.usage.input_tokens': 43_000,
    'gen_ai.usage.output_tokens': 1000,
    'gen_ai.usage.raw': JSON.stringify(COMPACTED),
  };
  assert.deepEqual(wholesOf(attributes, 'pydantic-ai'), [253_000, 4500, 70_000, 10_000]);
});

test('who has added the compaction already is not corrected', () => {
  const iterations = [{ type: 'compaction', inputTokens: 180_000, outputTokens: 3500 }];
  const usage = { ...COMPACTED, cache_read_input_tokens: 0 };
  const attributes = {
    'ai.usage.inputTokens': 203_000,
    'ai.usage.outputTokens': 4500,
    'ai.response.providerMetadata': JSON.stringify({ anthropic: { usage, iterations } }),
  };
  assert.deepEqual(wholesOf(attributes, 'ai'), [203_000, 4500, 0, null]);
});

test('Pydantic AI has added the compaction that stands among its details', () => {
  const attributes = {
    'gen_ai.usage.input_tokens': 203_000,
    'gen_ai.usage.output_tokens': 4500,
    'gen_ai.usage.details.compaction_input_tokens': 180_000,
    'gen_ai.usage.details.compaction_output_tokens': 3500,
  };
  assert.deepEqual(wholesOf(attributes, 'pydantic-ai'), [203_000, 4500, null, null]);
});
