import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FURTHER_PRICES_DATE } from './further-prices.ts';
import { createPriceBook } from './layered-price-book.ts';
import { BUILT_IN_LIST } from './price-list.ts';
import type { ServiceTier } from './service-tier.ts';

const AT_MS = Date.UTC(2026, 10, 28, 12);
const book = createPriceBook();

interface Asked {
  readonly atMs?: number;
  readonly promptTokens?: number;
  readonly serviceTier?: ServiceTier;
}

const priceOf = (provider: string, model: string, asked: Asked = {}, prices = book) =>
  prices.priceOf({ provider, model, atMs: AT_MS, promptTokens: 1000, serviceTier: '', ...asked });

function usdPerMillion(provider: string, model: string, asked?: Asked): readonly number[] | null {
  const rates = priceOf(provider, model, asked)?.rates;
  return rates === undefined ? null : [rates.input, rates.output].map((rate) => rate / 1e6);
}

/** [provider as sent, model as sent, input, output] in USD per million tokens */
const PRICES: readonly (readonly [string, string, number, number])[] = [
  // Hosts and models that genai-prices does not have.
  ['fireworks', 'accounts/fireworks/models/deepseek-v3', 0.9, 0.9],
  ['', 'fireworks_ai/accounts/fireworks/models/deepseek-v3', 0.9, 0.9],
  ['databricks', 'databricks-claude-sonnet-4-5', 2.99999, 15.00002],
  ['openai', 'databricks-claude-sonnet-4-5', 2.99999, 15.00002],
  ['snowflake.cortex', 'claude-4-sonnet', 3, 15],
  ['ibm.watsonx.ai', 'ibm/granite-3-8b-instruct', 0.2, 0.2],
  ['aws.bedrock', 'openai.gpt-oss-120b-1:0', 0.15, 0.6],
  ['gcp.vertex_ai', 'publishers/deepseek-ai/models/deepseek-v3.1-maas', 0.6, 1.7],
  ['openai', 'ft:gpt-4.1-2025-04-14:org::id', 3, 12],
  // A region's own price.
  ['', 'azure/eu/gpt-4o-2024-08-06', 2.75, 11],
  ['aws.bedrock', 'eu.amazon.nova-pro-v1:0', 1.05, 4.2],
  ['aws.bedrock', 'us-gov.anthropic.claude-sonnet-5', 2.4, 12],
  ['aws.bedrock', 'arn:aws:bedrock:sa-east-1::foundation-model/meta.llama3-8b-instruct-v1:0', 0.5, 1.01],
  ['aws.bedrock', 'us.amazon.nova-pro-v1:0', 0.8, 3.2],
  // Where genai-prices has that of another model, or of somebody else.
  ['aws.bedrock', 'amazon.titan-embed-text-v2:0', 0.02, 0],
  ['azure.ai.inference', 'DeepSeek-R1', 1.35, 5.4],
  ['azure.ai.openai', 'gpt-oss-120b', 0.15, 0.6],
];

test('models that genai-prices does not have, or has wrong, are priced by the second list', () => {
  const wrong = PRICES.filter(([provider, model, ...expected]) => {
    const got = usdPerMillion(provider, model);
    return got === null || got.some((usd, i) => usd !== expected[i]);
  });
  assert.deepEqual(wrong, []);
  assert.match(priceOf('fireworks', 'deepseek-v3')?.source ?? '', /^litellm .* fireworks accounts\/fireworks\/models/);
});

test('nobody knows a price where a name is not that of a listed model', () => {
  const names = [
    ['aws.bedrock', 'arn:aws:bedrock:us-east-1:123:application-inference-profile/abc'],
    ['fireworks', 'accounts/acme/models/my-lora'],
    ['azure', 'model-router'],
    ['azure.ai.openai', 'gpt-4o-prod'],
    ['databricks', 'my-endpoint'],
    ['openai', 'openai/gpt-oss-120b'],
    ['openai', 'ft:gpt-9:org::id'],
    ['ollama', 'llama3.2'],
  ] as const;
  assert.deepEqual(
    names.filter(([provider, model]) => priceOf(provider, model) !== null),
    [],
  );
});

test('a long prompt to Claude on Bedrock has its own price, in each geography', () => {
  const long = { promptTokens: 200_001 };
  assert.deepEqual(usdPerMillion('aws.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', long), [6.6, 24.75]);
  assert.deepEqual(usdPerMillion('aws.bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', long), [6, 22.5]);
  assert.deepEqual(usdPerMillion('aws.bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0', long), [6.6, 24.75]);
});

test('spoken tokens cost what speech costs', () => {
  const { inputAudio, outputAudio } = priceOf('openai', 'gpt-4o-audio-preview')?.rates ?? {};
  assert.deepEqual([inputAudio, outputAudio], [40e6, 80e6]);
});

test('an alias has the price of what it stands for at the time', () => {
  const before = { atMs: Date.UTC(2025, 10, 30) };
  assert.deepEqual(usdPerMillion('mistral', 'mistral-large-latest'), [0.5, 1.5]);
  assert.deepEqual(usdPerMillion('mistral', 'mistral-large-latest', before), [2, 6]);
  assert.deepEqual(usdPerMillion('deepseek', 'deepseek-chat'), [0.28, 0.42]);
});

test('a tier halves the price of a model that only the second list has', () => {
  assert.deepEqual(usdPerMillion('aws.bedrock', 'openai.gpt-oss-120b-1:0', { serviceTier: 'batch' }), [0.075, 0.3]);
  assert.equal(usdPerMillion('fireworks', 'deepseek-v3', { serviceTier: 'batch' }), null);
});

test('a genai-prices that is newer than the second list is not corrected by it, only completed', () => {
  const newer = createPriceBook({ list: { ...BUILT_IN_LIST, date: '9999-01-01' } });
  assert.ok(FURTHER_PRICES_DATE > BUILT_IN_LIST.date);
  assert.equal(priceOf('mistral', 'mistral-large-latest', {}, newer)?.rates.input, 2e6);
  assert.equal(priceOf('fireworks', 'deepseek-v3', {}, newer)?.rates.input, 0.9e6);
});

test("what Copilot offers no longer keeps its maker's price, as all that it lists has", () => {
  assert.deepEqual(usdPerMillion('github_copilot', 'claude-sonnet-4'), [3, 15]);
  assert.deepEqual(usdPerMillion('github-copilot', 'gemini-2.5-pro'), [1.25, 10]);
  assert.deepEqual(usdPerMillion('github-copilot', 'gpt-4.1'), [0, 0]);
  assert.equal(usdPerMillion('github-copilot', 'raptor-mini'), null);
});
