import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import { billedTier } from './service-tier.ts';

test("Anthropic's priority is capacity by the month, and its fast mode a price per token", () => {
  assert.equal(billedTier('anthropic', 'priority'), 'reserved');
  assert.equal(billedTier('anthropic', 'fast'), 'priority');
  assert.equal(billedTier('openai', 'priority'), 'priority');
  assert.equal(billedTier('anthropic', null), '');
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
