import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import type { Rates } from './price-book.ts';
import { parsePriceFile } from './price-file.ts';
import { BUILT_IN_LIST } from './price-list.ts';
import { searchFeesOf } from './search-fees.ts';
import type { ServiceTier } from './service-tier.ts';

const AT_MS = Date.UTC(2026, 10, 30);

interface Asked {
  readonly provider: string;
  readonly model: string;
  readonly serviceTier?: ServiceTier;
  /** Entries of a price file. */
  readonly file?: string;
}

function ratesOf({ provider, model, serviceTier = '', file }: Asked): Rates | undefined {
  const parsed = file === undefined ? null : parsePriceFile(`prices:\n${file}`, 'prices.yaml');
  if (parsed !== null) assert.ok(parsed.ok, JSON.stringify(parsed));
  const book = createPriceBook({ overrides: parsed?.overrides ?? [] });
  return book.priceOf({ provider, model, atMs: AT_MS, promptTokens: 1000, serviceTier })?.rates;
}

/** In USD per thousand: for each search, for each call that searches, for each call. */
function feesOf(asked: Asked): readonly number[] {
  const rates = ratesOf(asked);
  assert.ok(rates, `${asked.provider} ${asked.model} has a price`);
  return [rates.webSearch / 1e9, rates.groundedRequest / 1e9, rates.request / 1e9];
}

const LISTED: readonly (readonly [provider: string, model: string, fees: readonly number[]])[] = [
  ['anthropic', 'claude-sonnet-4-5-20250929', [10, 0, 0]],
  ['gcp.vertex_ai', 'claude-sonnet-4-5@20250929', [10, 0, 0]],
  ['aws.bedrock', 'us.anthropic.claude-opus-4-5-20251101-v1:0', [10, 0, 0]],
  ['openrouter', 'anthropic/claude-sonnet-4.5', [10, 0, 0]],
  ['openai', 'gpt-5', [10, 0, 0]],
  ['openai', 'gpt-5-codex', [10, 0, 0]],
  ['openai', 'anthropic/claude-sonnet-4.5', [10, 0, 0]],
  ['azure.ai.openai', 'gpt-4o', [14, 0, 0]],
  ['openai', 'gpt-4o-search-preview', [0, 0, 25]],
  ['gcp.gemini', 'gemini-2.5-flash', [0, 35, 0]],
  ['gcp.vertex_ai', 'gemini-2.0-flash', [0, 35, 0]],
  ['gcp.gemini', 'gemini-3-pro-preview', [14, 0, 0]],
  ['xai', 'grok-4', [5, 0, 0]],
  ['perplexity', 'sonar-deep-research', [5, 0, 0]],
  // By the call, and for the smallest searches, which is what is made unless another size is asked for.
  ['perplexity', 'sonar', [0, 0, 5]],
  ['perplexity', 'sonar-reasoning-pro', [0, 0, 6]],
  ['deepseek', 'deepseek-chat', [0, 0, 0]],
];

for (const [provider, model, fees] of LISTED) {
  test(`${model} of ${provider} asks ${fees.join(', ')} USD for a thousand searches, calls that search, and calls`, () => {
    assert.deepEqual(feesOf({ provider, model }), fees);
  });
}

test('of the places where a model may be, the first that has fees says them', () => {
  const [stranger, google] = [
    { providerId: 'vllm', name: 'llama' },
    { providerId: 'google', name: 'gemini-2.5-pro' },
  ];
  assert.equal(searchFeesOf([stranger, google]).groundedRequest, 35e9);
  assert.equal(searchFeesOf([stranger]).webSearch, 0);
});

test('no tier and no place makes searches cheaper or dearer', () => {
  for (const serviceTier of ['batch', 'us', 'us_batch', 'us_priority'] as const) {
    assert.deepEqual(feesOf({ provider: 'anthropic', model: 'claude-opus-4-6', serviceTier }), [10, 0, 0], serviceTier);
  }
  const model = 'projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-5';
  assert.deepEqual(feesOf({ provider: 'gcp.vertex_ai', model }), [10, 0, 0]);
  assert.deepEqual(feesOf({ provider: 'openai', model: 'gpt-5', serviceTier: 'priority' }), [10, 0, 0]);
});

const OURS = '  - model: claude-*\n    input_usd_per_million: 1\n    output_usd_per_million: 2\n';

test("the user's price that says nothing of searches leaves them at the listed fee, also where no list has the model", () => {
  const asked = { provider: 'anthropic', model: 'claude-sonnet-4-5', file: OURS };
  assert.equal(ratesOf(asked)?.input, 1_000_000);
  assert.deepEqual(feesOf(asked), [10, 0, 0]);
  assert.deepEqual(feesOf({ ...asked, model: 'claude-of-tomorrow' }), [10, 0, 0]);
  assert.deepEqual(
    feesOf({ ...asked, provider: 'vllm', file: OURS.replace('claude-*', 'llama'), model: 'llama' }),
    [0, 0, 0],
  );
});

test("the user's fee wins, and one that is named makes the other nothing", () => {
  const free = { provider: 'gcp.gemini', model: 'gemini-2.5-flash' };
  const file = OURS.replace('claude-*', 'gemini-*');
  assert.deepEqual(feesOf({ ...free, file: `${file}    usd_per_web_search: 0\n` }), [0, 0, 0]);
  assert.deepEqual(feesOf({ ...free, file: `${file}    usd_per_grounded_request: 0.03\n` }), [0, 30, 0]);
  assert.deepEqual(feesOf({ ...free, file: `${file}    usd_per_web_search: 0.007\n` }), [7, 0, 0]);
});

test('a fee that the list has itself is not asked twice', () => {
  const providers = BUILT_IN_LIST.providers.map((provider) => ({
    ...provider,
    models: provider.models.map((model) =>
      model.id === 'gemini-2.5-flash'
        ? { ...model, prices: { input_mtok: 1, output_mtok: 2, web_searches_kcount: 9 } }
        : model,
    ),
  }));
  const book = createPriceBook({ list: { ...BUILT_IN_LIST, providers } });
  const query = {
    provider: 'google',
    model: 'gemini-2.5-flash',
    atMs: AT_MS,
    promptTokens: 10,
    serviceTier: '',
  } as const;
  const rates = book.priceOf(query)?.rates;
  assert.deepEqual([rates?.webSearch, rates?.groundedRequest], [9e9, 0]);
});
