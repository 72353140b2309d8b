import type { ServiceTier } from './service-tier.ts';

/**
 * What each billable part of a call costs, in 10^-12 USD per token, or per call or search: whole numbers, so that a
 * cost is exactly linear in them. One USD per million tokens is 1,000,000.
 */
export interface Rates {
  readonly input: number;
  readonly cacheRead: number;
  /** Written for five minutes, or where the provider has one kind of writing. */
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly inputAudio: number;
  readonly cacheReadAudio: number;
  readonly inputImage: number;
  readonly output: number;
  readonly outputAudio: number;
  readonly outputImage: number;
  /** A fee for the call as such. */
  readonly request: number;
  /** For each search of the web by the provider. */
  readonly webSearch: number;
  /** For a call with such searches, however many: so Gemini 2 bills them. */
  readonly groundedRequest: number;
}

/** Of what costs nothing. */
export const NO_RATES: Rates = {
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
  webSearch: 0,
  groundedRequest: 0,
};

export interface Price {
  readonly rates: Rates;
  /** The smallest prompt, in tokens, for which this band holds; 0 for the base band. A band prices the whole call. */
  readonly bandFromTokens: number;
  /** Who says so: a list that comes with the program, or the user's file. */
  readonly kind: 'list' | 'file';
  /**
   * Where it comes from, for people: `genai-prices 0.1.8 of 2026-09-23: openai gpt-4.1-mini` or `prices.yaml line 12`.
   */
  readonly source: string;
  /** It says nothing of searches of the web, so that they cost what the list says. */
  readonly searchesAsListed?: true;
}

export interface PriceQuery {
  /** The provider as the sender spelled it, '' where nobody named one. */
  readonly provider: string;
  readonly model: string;
  /** When the call was made, in ms since the Unix epoch. */
  readonly atMs: number;
  /** The whole prompt, cached and audio tokens included: it picks the band. */
  readonly promptTokens: number;
  readonly serviceTier: ServiceTier;
}

/**
 * What a call costs, or null where that is unknown: never a default, never the price of a similar model.
 *
 * The answer depends on the query alone for the whole life of a book, and a repeated (provider, model) is answered
 * from memory, so it may be asked once per call.
 */
export interface PriceBook {
  priceOf(query: PriceQuery): Price | null;
}
