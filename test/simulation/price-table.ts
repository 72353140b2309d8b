import type { Price, PriceBook, Rates } from '../../src/prices/price-book.ts';

/**
 * The simulated world's prices, in 10^-12 USD a token; `null` where a model has none. `banded` costs more from 1,000
 * prompt tokens on. Fixed, so that processor and oracle read the same list and compute by themselves.
 */
export function listedPrice(model: string, promptTokens: number, tier: string): Price | null {
  if (tier !== '' && tier !== 'batch') return null;
  if (model === 'cheap') return { rates: tiered(CHEAP, tier), bandFromTokens: 0, ...LIST };
  if (model !== 'banded') return null;
  return promptTokens >= 1000
    ? { rates: tiered({ ...CHEAP, input: 2_500_000, output: 15_000_000 }, tier), bandFromTokens: 1000, ...FILE }
    : { rates: tiered({ ...CHEAP, input: 1_250_000 }, tier), bandFromTokens: 0, ...FILE };
}

const LIST = { kind: 'list', source: 'list' } as const;
const FILE = { kind: 'file', source: 'file' } as const;

/** Batches are half the price; no other tier is listed. */
function tiered(rates: Rates, tier: string): Rates {
  return tier === 'batch' ? { ...rates, input: rates.input / 2, output: rates.output / 2 } : rates;
}

const CHEAP: Rates = {
  input: 100_000,
  cacheRead: 25_000,
  cacheWrite: 125_000,
  output: 400_000,
  inputAudio: 700_000,
  outputAudio: 900_000,
  cacheWrite1h: 200_000,
  cacheReadAudio: 35_000,
  inputImage: 150_000,
  outputImage: 450_000,
  request: 5_000_000_000,
  webSearch: 10_000_000_000,
  groundedRequest: 35_000_000_000,
};

export const LISTED_PRICES: PriceBook = {
  priceOf: ({ model, promptTokens, serviceTier }) => listedPrice(model, promptTokens, serviceTier),
};
