import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import { NO_RATES } from './price-book.ts';
import { withRegionalPremium } from './regional-premium.ts';

const inputOf = (model: string, promptTokens = 1000) =>
  createPriceBook().priceOf({
    provider: 'gcp.vertex_ai',
    model,
    atMs: Date.UTC(2026, 10, 28),
    promptTokens,
    serviceTier: '',
  })?.rates.input;

const at = (location: string, model: string) => `projects/p/locations/${location}/publishers/anthropic/models/${model}`;

test('Claude of version 4.5 and later costs a tenth more where the name says that one region serves it', () => {
  assert.equal(inputOf(at('us-east5', 'claude-sonnet-4-5@20250929')), 3_300_000);
  assert.equal(inputOf(at('us-east5', 'claude-sonnet-4-5@20250929'), 250_000), 6_600_000);
  assert.equal(inputOf(at('europe-west1', 'claude-sonnet-5')), 2_200_000);
  assert.equal(inputOf(at('global', 'claude-sonnet-4-5@20250929')), 3_000_000);
  assert.equal(inputOf(at('us-east5', 'claude-sonnet-4@20250514')), 3_000_000);
  assert.equal(inputOf('publishers/anthropic/models/claude-sonnet-4-5@20250929'), 3_000_000);
});

test('no other model is dearer by region, and no price stays none', () => {
  const none = [{ when: { kind: 'always' }, bands: null }] as const;
  assert.deepEqual(withRegionalPremium(none, at('us-east5', 'claude-opus-4-6')), none);
  assert.equal(inputOf('projects/p/locations/us-east5/publishers/google/models/gemini-2.5-pro'), 1_250_000);
});

const claudeInUs = (model: string, serviceTier: 'us' | 'us_batch' | 'us_priority', provider = 'anthropic') =>
  createPriceBook().priceOf({ provider, model, atMs: Date.UTC(2026, 10, 28), promptTokens: 1000, serviceTier })?.rates;

test('Claude of version 4.6 and later costs a tenth more where its answer says that the US served it, in each tier', () => {
  const rates = claudeInUs('claude-opus-4-6', 'us');
  assert.deepEqual([rates?.input, rates?.output], [5_500_000, 27_500_000]);
  assert.deepEqual([rates?.cacheRead, rates?.cacheWrite, rates?.cacheWrite1h], [550_000, 6_875_000, 11_000_000]);
  assert.equal(claudeInUs('claude-opus-4-6', 'us_batch')?.input, 2_750_000);
  assert.equal(claudeInUs('claude-opus-4-6', 'us_priority')?.input, 33_000_000);
  assert.equal(claudeInUs('claude-sonnet-5-20260601', 'us')?.input, 2_200_000);
  assert.equal(claudeInUs('claude-sonnet-4-5', 'us')?.input, 3_000_000);
  assert.equal(claudeInUs('claude-3-7-sonnet-20250219', 'us')?.input, 3_000_000);
});

test("the user's price of a tier holds wherever it is served", () => {
  const rates = { ...NO_RATES, input: 7 };
  const bands = [{ rates, bandFromTokens: 0, kind: 'file', source: 'ours' }] as const;
  const override = { provider: null, model: 'claude-*', fromMs: null, bands };
  const book = createPriceBook({
    overrides: [
      { ...override, serviceTier: null },
      { ...override, serviceTier: 'batch' },
    ],
  });
  const query = { provider: 'anthropic', model: 'claude-opus-4-6', atMs: Date.UTC(2026, 10, 28), promptTokens: 1000 };
  assert.equal(book.priceOf({ ...query, serviceTier: 'us' })?.rates.input, 7);
  assert.equal(book.priceOf({ ...query, serviceTier: 'us_batch' })?.rates.input, 7);
});
