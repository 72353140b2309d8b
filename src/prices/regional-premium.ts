import type { Rates } from './price-book.ts';
import { type PricePeriod, withEachPrice } from './price-period.ts';

/** Path of a model on Vertex AI, which says where it is served, and of which version a Claude is. */
const CLAUDE_ON_VERTEX =
  /^projects\/[^/]+\/locations\/([^/]+)\/publishers\/anthropic\/models\/claude-[a-z]+-(\d)(?:[-.](\d)(?!\d))?/;

const PREMIUM = 1.1;

/**
 * The prices of a model where its name says that one region serves it: Google bills Claude of version 4.5 and later
 * 10 % dearer there than at the global endpoint, whose prices lists have. What Bedrock bills by region is listed.
 *
 * @param name as `plainName` gives it
 */
export function withRegionalPremium(periods: readonly PricePeriod[], name: string): readonly PricePeriod[] {
  const [, location, major, minor = '0'] = CLAUDE_ON_VERTEX.exec(name) ?? [];
  if (location === undefined || location === 'global' || Number(`${major}.${minor}`) < 4.5) return periods;
  return withPremium(periods, location);
}

/** The version of a Claude, however its host names it. */
const CLAUDE = /claude-(?:[a-z]+-)?(\d)(?:[-.](\d)(?!\d))?/;

/**
 * The prices of a model whose answer says that it was served in the US (`inference_geo`): Anthropic bills Claude of
 * version 4.6 and later 10 % dearer so, in every part; older ones know no geography.
 *
 * @param name as `plainName` gives it
 */
export function withUsPremium(periods: readonly PricePeriod[], name: string): readonly PricePeriod[] {
  const [, major, minor = '0'] = CLAUDE.exec(name) ?? [];
  return major !== undefined && Number(`${major}.${minor}`) >= 4.6 ? withPremium(periods, 'the US') : periods;
}

function withPremium(periods: readonly PricePeriod[], place: string): readonly PricePeriod[] {
  return withEachPrice(periods, (price) => ({
    ...price,
    rates: scaled(price.rates),
    source: `${price.source}, and 10 % for ${place}`,
  }));
}

/** What is not paid by the token costs the same everywhere. */
const FEES: ReadonlySet<keyof Rates> = new Set(['request', 'webSearch', 'groundedRequest']);

function scaled(rates: Rates): Rates {
  const dearer: { -readonly [Part in keyof Rates]: number } = { ...rates };
  for (const part of Object.keys(rates) as (keyof Rates)[]) {
    if (!FEES.has(part)) dearer[part] = Math.round(rates[part] * PREMIUM);
  }
  return dearer;
}
