import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
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
