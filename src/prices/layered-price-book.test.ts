import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import type { PriceBook } from './price-book.ts';
import { parsePriceFile } from './price-file.ts';

const AT_MS = Date.parse('2025-11-19T10:00:00Z');

function bookOf(yaml: string): PriceBook {
  const parsed = parsePriceFile(yaml, 'prices.yaml');
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return createPriceBook({ overrides: parsed.overrides });
}

/** One entry per line: `provider|model|from|input USD per million`, each but model and price may be empty. */
function bookOfEntries(...lines: readonly string[]): PriceBook {
  const prices = lines.map((line) => {
    const [provider = '', model, from = '', usd] = line.split('|');
    return {
      ...(provider && { provider }),
      model,
      ...(from && { from }),
      input_usd_per_million: Number(usd),
      output_usd_per_million: 0,
    };
  });
  return bookOf(JSON.stringify({ prices }));
}

function inputUsd(book: PriceBook, provider: string, model: string, at = '2025-11-19'): number | null {
  const price = book.priceOf({ provider, model, atMs: Date.parse(at), promptTokens: 0, serviceTier: '' });
  return price && price.rates.input / 1e6;
}

test('without overrides the library gives the price and says so', () => {
  const price = createPriceBook().priceOf({
    provider: 'openai',
    model: 'gpt-4.1-mini',
    atMs: AT_MS,
    promptTokens: 10,
    serviceTier: '',
  });
  assert.equal(price?.source, 'genai-prices 0.1.8 of 2026-09-23: openai gpt-4.1-mini');
  assert.deepEqual([price?.rates.input, price?.rates.cacheRead, price?.rates.output], [400_000, 100_000, 1_600_000]);
});

test('a price is the one of the time of the call', () => {
  const book = createPriceBook();
  assert.equal(inputUsd(book, 'openai', 'o3', '2025-06-09T23:59:59Z'), 10);
  assert.equal(inputUsd(book, 'openai', 'o3', '2025-06-10'), 2);
});

test('a long prompt is priced by the band it falls into', () => {
  const book = createPriceBook();
  const query = { provider: 'google', model: 'gemini-2.5-pro', atMs: AT_MS };
  assert.equal(book.priceOf({ ...query, promptTokens: 200_000, serviceTier: '' })?.rates.input, 1_250_000);
  const long = book.priceOf({ ...query, promptTokens: 200_001, serviceTier: '' });
  assert.equal(long?.rates.input, 2_500_000);
  assert.equal(long?.bandFromTokens, 200_001);
});

test("the user's price wins over the library's, and gives one to a model that has none", () => {
  const book = bookOfEntries('|gpt-4o||7', '|my-llama||0');
  assert.equal(inputUsd(book, 'openai', 'gpt-4o'), 7);
  assert.equal(inputUsd(book, 'openai', 'gpt-4o-mini'), 0.15);
  assert.equal(inputUsd(book, 'vllm', 'my-llama'), 0);
  assert.equal(inputUsd(book, 'vllm', 'my-llama-2'), null);
});

test("the user's entries know a provider by all its spellings, and a provider of their own by its name", () => {
  const book = bookOfEntries('azure|chat||1', 'My Gateway|chat||2');
  assert.equal(inputUsd(book, 'azure.ai.openai', 'chat'), 1);
  assert.equal(inputUsd(book, 'my gateway', 'Chat'), 2);
  assert.equal(inputUsd(book, 'openai', 'chat'), null);
  assert.equal(inputUsd(book, '', 'chat'), null);
});

test('the more exact of two entries wins, wherever they stand in the file', () => {
  const book = bookOfEntries('|chat||1', 'azure|*||2', 'azure|chat||3', '|c*||4', '|ch*||5');
  assert.equal(inputUsd(book, 'azure', 'chat'), 3);
  assert.equal(inputUsd(book, 'openai', 'chat'), 1);
  assert.equal(inputUsd(book, 'azure', 'check'), 2);
  assert.equal(inputUsd(book, 'openai', 'check'), 5);
  assert.equal(inputUsd(book, 'openai', 'card'), 4);
});

test('of the entries of one name the last one begun holds; before the first one the next best answers', () => {
  const book = bookOfEntries('|gpt-4o|2025-06-01|2', '|gpt-4o|2025-03-01|1', '|gpt-*|2025-02-01|9');
  assert.equal(inputUsd(book, 'openai', 'gpt-4o', '2025-06-01'), 2);
  assert.equal(inputUsd(book, 'openai', 'gpt-4o', '2025-05-31T23:59:59Z'), 1);
  assert.equal(inputUsd(book, 'openai', 'gpt-4o', '2025-02-28'), 9);
  assert.equal(inputUsd(book, 'openai', 'gpt-4o', '2025-01-31'), 2.5);
});

test('a newer glob does not replace an older exact entry', () => {
  const book = bookOfEntries('|gpt-*|2025-06-01|9', '|gpt-4o|2025-03-01|1');
  assert.equal(inputUsd(book, 'openai', 'gpt-4o', '2025-11-19'), 1);
});

test('an unknown model stays without a price, however often it is asked for', () => {
  const book = createPriceBook();
  for (let i = 0; i < 3; i++) assert.equal(inputUsd(book, 'openai', 'gpt-99'), null);
});

test('a book gives the same answer after a flood of other names', () => {
  const book = createPriceBook();
  const before = inputUsd(book, 'openai', 'gpt-4o');
  for (let i = 0; i < 30_000; i++) inputUsd(book, 'openai', `flood-${i}`);
  assert.equal(inputUsd(book, 'openai', 'gpt-4o'), before);
});
