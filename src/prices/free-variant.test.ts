import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFreeVariant } from './free-variant.ts';
import { createPriceBook } from './layered-price-book.ts';

test('a free variant at OpenRouter costs nothing, whoever says that it was called', () => {
  const book = createPriceBook();
  for (const [provider, model] of [
    ['openrouter', 'openai/gpt-4o-mini:free'],
    ['', 'openrouter/deepseek/deepseek-r1-0528:free'],
    ['openai', 'qwen/qwen3-coder:free'],
  ] as const) {
    const price = book.priceOf({ provider, model, atMs: 0, promptTokens: 1000, serviceTier: '' });
    assert.deepEqual([price?.rates.input, price?.rates.output], [0, 0], model);
  }
});

test('no other name of a model is free because it ends so', () => {
  assert.equal(isFreeVariant('ollama', 'somebody/model:free'), false);
  assert.equal(isFreeVariant('openrouter', 'no-vendor:free'), false);
});
