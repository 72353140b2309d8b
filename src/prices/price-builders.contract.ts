import type { Price, Rates } from './price-book.ts';

/** What tests do not price costs nothing. */
export function aPrice(rates: Partial<Rates>, more: Partial<Omit<Price, 'rates'>> = {}): Price {
  return { rates: { ...NOTHING, ...rates }, bandFromTokens: 0, kind: 'list', source: 'test', ...more };
}

const NOTHING: Rates = {
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  inputAudio: 0,
  cacheReadAudio: 0,
  inputImage: 0,
  output: 0,
  outputAudio: 0,
  outputImage: 0,
  request: 0,
};
