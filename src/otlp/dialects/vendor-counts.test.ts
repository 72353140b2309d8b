import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../call.ts';
import type { AttributeValue } from '../decode/trace-export.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { SpanReader } from './span-reader.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Prompt, cached and written tokens of a call of 2,000 that took 1,000 from the cache and gave it 500. */
function promptOf(scopeName: string, attributes: Attributes): readonly (number | null)[] {
  const call = readCall(new SpanReader(aSpan({ attributes, scopeName })), 'chat');
  return [call.promptTokens, call.cachedTokens, call.cacheWriteTokens];
}

/** The AI SDK before its version 6. */
const aiSdk = (provider: string, model: string) =>
  promptOf('ai', {
    'ai.model.provider': provider,
    'ai.model.id': model,
    'ai.usage.inputTokens': 2000,
    'ai.usage.outputTokens': 100,
    'ai.usage.totalTokens': 2100,
    'ai.usage.cachedInputTokens': 1000,
    'ai.response.providerMetadata': '{"anthropic":{"cacheCreationInputTokens":500}}',
  });

const agno = (provider: string, model: string) =>
  promptOf('openinference.instrumentation.agno', {
    'llm.provider': provider,
    'llm.model_name': model,
    'llm.token_count.prompt': 2000,
    'llm.token_count.completion': 100,
    'llm.token_count.total': 2100,
    'llm.token_count.prompt_details.cache_read': 1000,
    'llm.token_count.prompt_details.cache_write': 500,
  });

const BESIDE = [3500, 1000, 500];
const INSIDE = [2000, 1000, 500];

test('of Claude the AI SDK 5 hands on what the API says, whoever serves it', () => {
  assert.deepEqual(aiSdk('anthropic.messages', 'claude-sonnet-4-5'), BESIDE);
  assert.deepEqual(aiSdk('vertex.anthropic.messages', 'claude-sonnet-4-5@20250929'), BESIDE);
  assert.deepEqual(aiSdk('gateway', 'anthropic/claude-sonnet-4.5'), BESIDE);
});

test('whoever speaks as OpenAI does counts the cache inside, also of Claude', () => {
  assert.deepEqual(aiSdk('openrouter', 'anthropic/claude-sonnet-4.5'), INSIDE);
  assert.deepEqual(aiSdk('gateway', 'openai/gpt-5'), INSIDE);
  assert.deepEqual(agno('OpenRouter', 'anthropic/claude-sonnet-4.5'), INSIDE);
});

test("Agno copies the counts of each vendor's API, and adds up a total of its own", () => {
  assert.deepEqual(agno('Anthropic', 'claude-sonnet-4-5'), BESIDE);
  assert.deepEqual(agno('AwsBedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'), BESIDE);
  assert.deepEqual(agno('OpenAI', 'gpt-5'), INSIDE);
});
