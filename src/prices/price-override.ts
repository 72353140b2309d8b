import { matchesGlob } from './glob.ts';
import type { Price } from './price-book.ts';
import type { PricePeriod } from './price-period.ts';
import { providerId } from './provider-name.ts';
import { type ServiceTier, tierAnywhere } from './service-tier.ts';

/** A price that the user set. Plain data: it may be sent to a worker thread. */
export interface PriceOverride {
  /** Any spelling of a provider, or null for every provider. */
  readonly provider: string | null;
  /** Exact, or with `*` for any text. Case does not matter. */
  readonly model: string;
  /** One of `service-tier.ts`; null: for calls of every tier. */
  readonly serviceTier: ServiceTier | null;
  /** The price holds from then on; null: always. */
  readonly fromMs: number | null;
  readonly bands: readonly [Price, ...Price[]];
}

/** The user's prices, ready to be searched. */
export class PriceOverrides {
  readonly #entries: readonly { readonly override: PriceOverride; readonly id: string | null; readonly glob: string }[];

  constructor(overrides: readonly PriceOverride[]) {
    this.#entries = [...overrides].sort(weakestFirst).map((override) => ({
      override,
      id: override.provider === null ? null : providerId(override.provider),
      glob: override.model.trim().toLowerCase(),
    }));
  }

  /**
   * The periods for one model, the weakest first: an exact model beats a glob, a named provider beats none, a longer
   * glob beats a shorter one, a named tier beats none. Dates count among entries of one name only, so that an exact
   * entry is not replaced by a newer glob. The user's prices are for a tier wherever it is served.
   */
  periodsOf(provider: string, model: string, tier: ServiceTier): readonly PricePeriod[] {
    const id = providerId(provider);
    const name = model.trim().toLowerCase();
    const named = tierAnywhere(tier);
    return this.#entries
      .filter(
        ({ override, id: of, glob }) =>
          (of === null || of === id) && (override.serviceTier ?? named) === named && matchesGlob(glob, name),
      )
      .map(({ override: { fromMs, bands } }) => ({
        when: fromMs === null ? { kind: 'always' } : { kind: 'from', fromMs },
        bands,
      }));
  }
}

function weakestFirst(a: PriceOverride, b: PriceOverride): number {
  return (
    Number(isExact(a)) - Number(isExact(b)) ||
    Number(a.provider !== null) - Number(b.provider !== null) ||
    a.model.length - b.model.length ||
    // Two globs of one length: any order will do as long as their dates do not mix.
    compareTexts(a.model, b.model) ||
    Number(a.serviceTier !== null) - Number(b.serviceTier !== null) ||
    (a.fromMs ?? Number.NEGATIVE_INFINITY) - (b.fromMs ?? Number.NEGATIVE_INFINITY)
  );
}

function isExact(override: PriceOverride): boolean {
  return !override.model.includes('*');
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
