import { NO_RATES, type Price } from './price-book.ts';
import type { PricePeriod } from './price-period.ts';

/**
 * OpenRouter bills nothing for any `vendor/model:free`: the ending is its name of the free hosts, which come and go
 * faster than lists. Nobody else writes names so, and who talks to it by the SDK of OpenAI or Anthropic, or by a
 * framework, says that those were called.
 *
 * @param providerId as `providerId` gives it
 * @param name as `plainName` gives it
 */
export function isFreeVariant(providerId: string, name: string): boolean {
  return ['', 'openrouter', 'openai', 'anthropic'].includes(providerId) && FREE.test(name);
}

const FREE = /^(?:openrouter\/)?[^/:]+\/[^/:]+:free$/;

const NOTHING: Price = {
  rates: NO_RATES,
  bandFromTokens: 0,
  kind: 'list',
  source: 'free variant at openrouter',
};

export const FREE_OF_CHARGE: readonly PricePeriod[] = [{ when: { kind: 'always' }, bands: [NOTHING] }];
