import { LibraryLookup } from './library-lookup.ts';
import { libraryPeriods } from './library-prices.ts';
import type { Price, PriceBook, PriceQuery } from './price-book.ts';
import { type PriceOverride, PriceOverrides } from './price-override.ts';
import { bandFor, type PricePeriod, periodAt } from './price-period.ts';
import { RecentMap } from './recent-map.ts';

export interface PriceBookOptions {
  /** The user's prices; they win over the library. */
  readonly overrides?: readonly PriceOverride[];
}

/** The user's prices over those of genai-prices, as bundled with the installed version. */
export function createPriceBook({ overrides = [] }: PriceBookOptions = {}): PriceBook {
  return new LayeredPriceBook(overrides);
}

/** More models than any installation uses at a time; what is beyond costs a search of some microseconds again. */
const REMEMBERED_MODELS_MAX = 10_000;

class LayeredPriceBook implements PriceBook {
  readonly #overrides: PriceOverrides;
  readonly #library = new LibraryLookup();
  readonly #periods = new RecentMap<readonly PricePeriod[]>(REMEMBERED_MODELS_MAX);

  constructor(overrides: readonly PriceOverride[]) {
    this.#overrides = new PriceOverrides(overrides);
  }

  priceOf({ provider, model, atMs, promptTokens }: PriceQuery): Price | null {
    let periods = this.#periods.get(provider, model);
    if (periods === undefined) {
      periods = this.#periodsOf(provider, model);
      this.#periods.set(provider, model, periods);
    }
    const bands = periodAt(periods, atMs)?.bands ?? null;
    return bands === null ? null : bandFor(bands, promptTokens);
  }

  /** The weakest first, as `periodAt` wants them. */
  #periodsOf(provider: string, model: string): readonly PricePeriod[] {
    const found = this.#library.find(provider, model);
    const library = found === null ? [] : libraryPeriods(found.providerId, found.model);
    return [...library, ...this.#overrides.periodsOf(provider, model)];
  }
}
