import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import list from './second-list.json' with { type: 'json' };

/** Noon, since DeepSeek's prices depend on the hour. */
const AT_MS = Date.parse(`${list.date}T12:00:00Z`);
const PARTS = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;

/**
 * Where the two lists are known to differ by more than 1 %. `-latest` of Mistral is another model with each release,
 * and DeepSeek's two names are those of whichever model is current: genai-prices has an earlier one. A price file
 * settles it for who uses them.
 */
const DIFFERENCES: readonly string[] = [
  'deepseek/deepseek-chat cacheRead: ours 0.07, theirs 0.028',
  'deepseek/deepseek-chat cacheWrite: ours 0.27, theirs 0',
  'deepseek/deepseek-chat input: ours 0.27, theirs 0.28',
  'deepseek/deepseek-chat output: ours 1.1, theirs 0.42',
  'deepseek/deepseek-reasoner cacheRead: ours 0.14, theirs 0.028',
  'deepseek/deepseek-reasoner input: ours 0.55, theirs 0.28',
  'deepseek/deepseek-reasoner output: ours 2.19, theirs 0.42',
  'mistral/mistral-large-latest cacheRead: ours 2, theirs 0.05',
  'mistral/mistral-large-latest input: ours 2, theirs 0.5',
  'mistral/mistral-large-latest output: ours 6, theirs 1.5',
  'mistral/mistral-small-latest cacheRead: ours 0.1, theirs 0.015',
  'mistral/mistral-small-latest input: ours 0.1, theirs 0.15',
  'mistral/mistral-small-latest output: ours 0.3, theirs 0.6',
];

test(`our prices of the most used models are those of ${list.source}, but for the differences that are named`, () => {
  assert.ok(list.models.length >= 60, `${list.models.length} models`);
  const prices = createPriceBook();
  const differences = list.models.flatMap((model) => {
    const name = model.model.slice(model.model.indexOf('/') + 1);
    const provider = model.provider.replace('_converse', '');
    const price = prices.priceOf({ provider, model: name, atMs: AT_MS, promptTokens: 0, serviceTier: '' });
    if (price === null) return [`${model.model}: unpriced`];
    return PARTS.flatMap((part) => {
      const [ours, theirs] = [price.rates[part] / 1e6, model[part]];
      if (theirs === null || Math.abs(ours - theirs) <= 0.01 * theirs) return [];
      return [`${model.model} ${part}: ours ${ours}, theirs ${theirs}`];
    });
  });
  assert.deepEqual(differences.sort(), DIFFERENCES);
});
