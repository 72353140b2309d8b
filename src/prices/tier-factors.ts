import type { Rates } from './price-book.ts';
import { type PricePeriod, withEachPrice } from './price-period.ts';
import type { ServiceTier } from './service-tier.ts';
import list from './tier-prices.json' with { type: 'json' };

/** What a tier costs beside the standard one, per part of the bill. */
type Factors = { readonly input: number } & { readonly [Part in keyof Rates]?: number };

/** Of providers that say it of all their models. */
const ALL_MODELS = '*';

/**
 * Per provider, tier and model. `scripts/write-tier-prices.ts` writes the list; `docs/pricing.md` says how it was
 * checked.
 */
const FACTORS: ReadonlyMap<string, Factors> = new Map(
  list.tiers.flatMap(({ provider, tier, factors, models }) =>
    models.map((model) => [`${provider} ${tier} ${model}`, factors] as const),
  ),
);

/**
 * The standard prices of a model as a tier bills them; none where the provider lists no such tier for it.
 *
 * @param names the spellings of the model, best first
 */
export function periodsOfTier(
  periods: readonly PricePeriod[],
  of: { readonly providerId: string; readonly names: readonly string[]; readonly tier: ServiceTier },
): readonly PricePeriod[] {
  const factors = [...of.names, ALL_MODELS]
    .map((name) => FACTORS.get(`${of.providerId} ${of.tier} ${name}`))
    .find((found) => found !== undefined);
  if (factors === undefined) return [];
  const source = `${of.tier} by ${list.source} of ${list.date}`;
  return withEachPrice(periods, (price) => ({
    ...price,
    rates: ratesOfTier(price.rates, factors),
    source: `${price.source}, ${source}`,
  }));
}

/**
 * A part for which the tier lists no price is billed as the whole that it belongs to is in that tier, but never dearer
 * than by the factor of that whole: a tier without a price for cached tokens gives no discount for them.
 */
function ratesOfTier(rates: Rates, factors: Factors): Rates {
  const input = scaled(rates.input, factors.input);
  const inputFactor = factors.input;
  const outputFactor = factors.output ?? inputFactor;
  return {
    input,
    cacheRead: factors.cacheRead === undefined ? input : scaled(rates.cacheRead, factors.cacheRead),
    cacheWrite: scaled(rates.cacheWrite, factors.cacheWrite ?? inputFactor),
    cacheWrite1h: scaled(rates.cacheWrite1h, factors.cacheWrite ?? inputFactor),
    inputAudio: scaled(rates.inputAudio, factors.inputAudio ?? inputFactor),
    cacheReadAudio: scaled(rates.cacheReadAudio, factors.cacheReadAudio ?? factors.cacheRead ?? inputFactor),
    inputImage: scaled(rates.inputImage, factors.inputImage ?? inputFactor),
    output: scaled(rates.output, outputFactor),
    outputAudio: scaled(rates.outputAudio, factors.outputAudio ?? outputFactor),
    outputImage: scaled(rates.outputImage, factors.outputImage ?? outputFactor),
    // No tier has a discount on fees.
    request: rates.request,
    webSearch: rates.webSearch,
    groundedRequest: rates.groundedRequest,
  };
}

/** Factors are quotients of two listed prices to nine digits, which is enough to give back the listed one. */
function scaled(rate: number, factor: number): number {
  return Math.round(rate * factor);
}
