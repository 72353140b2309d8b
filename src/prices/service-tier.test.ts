import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import { billedTier, type ServiceTier } from './service-tier.ts';

test("Anthropic's priority is capacity by the month, and its fast mode a price per token", () => {
  assert.equal(billedTier('anthropic', 'priority'), 'reserved');
  assert.equal(billedTier('anthropic', 'fast'), 'priority');
  assert.equal(billedTier('openai', 'priority'), 'priority');
  assert.equal(billedTier('anthropic', null), '');
});

test('the geography of an inference makes a tier of its own at Anthropic alone', () => {
  assert.equal(billedTier('anthropic', 'us'), 'us');
  assert.equal(billedTier('anthropic', 'us_fast'), 'us_priority');
  assert.equal(billedTier('', 'us_batch'), 'us_batch');
  assert.equal(billedTier('aws.bedrock', 'us_batch'), 'batch');
});

test('fast mode costs a multiple of every part, the cache included', () => {
  const ratesOf = (serviceTier: '' | 'priority') =>
    createPriceBook().priceOf({
      provider: 'anthropic',
      model: 'claude-opus-5',
      atMs: Date.UTC(2026, 10, 28),
      promptTokens: 1000,
      serviceTier,
    })?.rates;
  const [standard, fast] = [ratesOf(''), ratesOf('priority')];
  for (const part of ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'output'] as const) {
    assert.equal(fast?.[part], 2 * (standard?.[part] ?? Number.NaN), part);
  }
});

test('a tier that a provider sells for all its models has a price for each of them', () => {
  const inputOf = (provider: string, model: string, serviceTier: '' | 'batch' | 'flex') =>
    createPriceBook().priceOf({ provider, model, atMs: Date.UTC(2026, 10, 28), promptTokens: 1000, serviceTier })?.rates
      .input;
  assert.equal(inputOf('anthropic', 'claude-3-5-haiku-20241022', 'batch'), 400_000);
  assert.equal(inputOf('groq', 'llama-3.3-70b-versatile', 'flex'), 590_000);
  assert.equal(inputOf('mistral', 'mistral-large-latest', 'batch'), 250_000);
  assert.equal(inputOf('deepseek', 'deepseek-chat', 'batch'), undefined);
});

test("a tier of Google's models and of what others have made that Google serves has a price", () => {
  const rate = (provider: string, model: string, serviceTier: ServiceTier) =>
    createPriceBook().priceOf({ provider, model, atMs: Date.UTC(2026, 10, 30), promptTokens: 1, serviceTier })?.rates
      .input;
  for (const [model, provider] of [
    ['gemini-2.0-flash', 'gcp.vertex_ai'],
    ['deepseek-ai/deepseek-v3.2-maas', 'gcp.vertex_ai'],
  ] as const) {
    const standard = rate(provider, model, '');
    assert.ok(standard !== undefined && standard > 0, model);
    assert.equal(rate(provider, model, 'batch'), standard / 2, model);
  }
});
