import type { Price, PriceBook } from '../../src/prices/price-book.ts';

/**
 * The simulated world's prices, in 10^-12 USD a token; `null` where a model has none. `banded` costs more from 1,000
 * prompt tokens on. Fixed, so that processor and oracle read the same list and compute by themselves.
 */
export function listedPrice(model: string, promptTokens: number): Price | null {
  if (model === 'cheap') return { rates: CHEAP, bandFromTokens: 0, source: 'list' };
  if (model !== 'banded') return null;
  return promptTokens >= 1000
    ? { rates: { ...CHEAP, input: 2_500_000, output: 15_000_000 }, bandFromTokens: 1000, source: 'list' }
    : { rates: { ...CHEAP, input: 1_250_000 }, bandFromTokens: 0, source: 'list' };
}

const CHEAP = {
  input: 100_000,
  cacheRead: 25_000,
  cacheWrite: 125_000,
  output: 400_000,
  inputAudio: 700_000,
  outputAudio: 900_000,
};

export const LISTED_PRICES: PriceBook = {
  priceOf: ({ model, promptTokens }) => listedPrice(model, promptTokens),
};
