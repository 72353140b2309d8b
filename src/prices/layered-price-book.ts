import { FREE_OF_CHARGE, isFreeVariant } from './free-variant.ts';
import { FURTHER_PRICES_DATE, findFurtherPrice } from './further-prices.ts';
import { LibraryLookup } from './library-lookup.ts';
import { libraryPeriods } from './library-prices.ts';
import { type ModelName, plainName, spellings } from './model-name.ts';
import type { Price, PriceBook, PriceQuery } from './price-book.ts';
import { BUILT_IN_LIST, type PriceList } from './price-list.ts';
import { type PriceOverride, PriceOverrides } from './price-override.ts';
import { bandFor, type PricePeriod, periodAt } from './price-period.ts';
import { billsAsMakers, providerId } from './provider-name.ts';
import { RecentMap } from './recent-map.ts';
import { withRegionalPremium, withUsPremium } from './regional-premium.ts';
import { searchFeesOf, withFeesOfList, withSearchFees } from './search-fees.ts';
import { type ServiceTier, tierAnywhere } from './service-tier.ts';
import { periodsOfTier } from './tier-factors.ts';

export interface PriceBookOptions {
  /** The user's prices; they win over the library. */
  readonly overrides?: readonly PriceOverride[];
  readonly list?: PriceList;
}

/**
 * The user's prices over those of a version of genai-prices, by default the one that comes with the program, and of a
 * second list.
 */
export function createPriceBook({ overrides = [], list = BUILT_IN_LIST }: PriceBookOptions = {}): PriceBook {
  return new LayeredPriceBook(overrides, list);
}

/** More models than any installation uses at a time; what is beyond costs a search of some microseconds again. */
const REMEMBERED_MODELS_MAX = 10_000;

/** A model that the lists are asked for, and where they may have it. */
interface ListedModel {
  readonly provider: string;
  readonly model: string;
  readonly places: readonly ModelName[];
}

class LayeredPriceBook implements PriceBook {
  readonly #overrides: PriceOverrides;
  readonly #list: PriceList;
  readonly #library: LibraryLookup;
  readonly #periods = new RecentMap<readonly PricePeriod[]>(REMEMBERED_MODELS_MAX);

  constructor(overrides: readonly PriceOverride[], list: PriceList) {
    this.#list = list;
    this.#library = new LibraryLookup(list.providers);
    this.#overrides = new PriceOverrides(overrides);
  }

  priceOf({ provider, model, atMs, promptTokens, serviceTier }: PriceQuery): Price | null {
    // Nearly all calls are of the standard tier; only the others pay for a longer key.
    const key = serviceTier === '' ? model : `${model}\0${serviceTier}`;
    let periods = this.#periods.get(provider, key);
    if (periods === undefined) {
      periods = this.#periodsOf(provider, model, serviceTier);
      this.#periods.set(provider, key, periods);
    }
    const bands = periodAt(periods, atMs)?.bands ?? null;
    return bands === null ? null : bandFor(bands, promptTokens);
  }

  /** The weakest first, as `periodAt` wants them. */
  #periodsOf(provider: string, model: string, tier: ServiceTier): readonly PricePeriod[] {
    const places = this.#library.placesToLook(provider, plainName(model));
    const fees = searchFeesOf(places);
    const listed = withSearchFees(this.#listedPeriods({ provider, model, places }, tier), fees);
    return [...listed, ...withFeesOfList(this.#overrides.periodsOf(provider, model, tier), { listed, fees })];
  }

  #listedPeriods(asked: ListedModel, tier: ServiceTier): readonly PricePeriod[] {
    const { provider, model, places } = asked;
    const name = plainName(model);
    if (isFreeVariant(providerId(provider), name)) return FREE_OF_CHARGE;
    const found = this.#library.findAt(places, name);
    const further = findFurtherPrice(places);
    if (found === null && further === null && billsAsMakers(provider)) {
      return this.#listedPeriods({ provider: '', model, places: this.#library.placesToLook('', name) }, tier);
    }
    const ofLibrary = found === null ? [] : libraryPeriods(found.providerId, found.model, this.#list);
    const isCorrected = further !== null && further.wins && this.#list.date <= FURTHER_PRICES_DATE;
    const listed = found === null || isCorrected ? [...ofLibrary, ...(further?.periods ?? [])] : ofLibrary;
    const standard = withRegionalPremium(listed, name);
    if (tier === '') return standard;
    const named = tierAnywhere(tier);
    if (named !== tier) return withUsPremium(this.#listedPeriods(asked, named), name);
    const owner = found === null || isCorrected ? further : { providerId: found.providerId, model: found.model.id };
    if (owner === null) return [];
    const names = [...spellings(owner.providerId, name), owner.model];
    return periodsOfTier(standard, { providerId: owner.providerId, names, tier });
  }
}
