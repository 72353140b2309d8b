import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import list from './second-list.json' with { type: 'json' };

/** Noon, since DeepSeek's prices depend on the hour. */
const AT_MS = Date.parse(`${list.date}T12:00:00Z`);
const PARTS = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;

/** Where the two lists are known to differ by more than 1 %: DeepSeek bills no writes, and nobody reports any. */
const DIFFERENCES: readonly string[] = ['deepseek/deepseek-chat cacheWrite: ours 0.28, theirs 0'];

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
