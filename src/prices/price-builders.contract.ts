import { NO_RATES, type Price, type Rates } from './price-book.ts';

/** What tests do not price costs nothing. */
export function aPrice(rates: Partial<Rates>, more: Partial<Omit<Price, 'rates'>> = {}): Price {
  return { rates: { ...NO_RATES, ...rates }, bandFromTokens: 0, kind: 'list', source: 'test', ...more };
}
