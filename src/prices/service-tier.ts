import { providerId } from './provider-name.ts';

/**
 * The tier that served a call, as far as it decides the price, from the word that a provider uses for it, in a response
 * as in a bill. '' is the standard one.
 *
 * The words are few, so that a sender who puts an id there makes no series of its own: what nobody knows is `other`,
 * which has no price in any list.
 */
export type ServiceTier = '' | 'flex' | 'batch' | 'priority' | 'reserved' | 'other' | UsTier;

/** Tiers of Anthropic's API whose inference stays in the US (`inference_geo`), at a premium. */
export type UsTier = 'us' | 'us_batch' | 'us_priority';

export function serviceTierOf(word: string | null): ServiceTier {
  if (word === null) return '';
  return TIERS.get(word) ?? TIERS.get(word.trim().toLowerCase().replaceAll(/[ -]/g, '_')) ?? 'other';
}

/**
 * The tier by which a provider bills. Anthropic's `priority` is capacity that was paid for by the month, while its fast
 * mode has a price per token, as others' priority has.
 */
export function billedTier(provider: string, word: string | null): ServiceTier {
  const tier = serviceTierOf(word);
  if (tier === '') return tier;
  const id = providerId(provider);
  if (id !== 'anthropic' && id !== '') return tierAnywhere(tier);
  const isCommitted = tier === 'priority' && !/^fast/i.test(word ?? '') && id === 'anthropic';
  return isCommitted ? 'reserved' : tier;
}

/** What is served, wherever: the tier without its place. */
export function tierAnywhere(tier: ServiceTier): Exclude<ServiceTier, UsTier> {
  if (tier === 'us') return '';
  if (tier === 'us_batch') return 'batch';
  return tier === 'us_priority' ? 'priority' : tier;
}

const WORDS: Readonly<Record<ServiceTier, readonly string[]>> = {
  '': [
    '',
    'auto',
    'default',
    'standard',
    'standard_only',
    'on_demand',
    'ondemand',
    'traffic_type_unspecified',
    'service_tier_default',
    'service_tier_standard',
    'service_tier_unspecified',
    'unspecified',
    'none',
    'null',
  ],
  flex: ['flex', 'service_tier_flex', 'on_demand_flex', 'flex_processing', 'flex_discount'],
  batch: ['batch', 'batches', 'batch_api', 'service_tier_batch'],
  priority: [
    'priority',
    'fast',
    'fast_mode',
    'service_tier_priority',
    'on_demand_priority',
    'priority_on_demand',
    'priority_processing',
  ],
  // Paid for by the hour or the month: a token has no price there.
  reserved: ['reserved', 'scale', 'provisioned', 'provisioned_throughput', 'service_tier_reserved'],
  us: ['us', 'us_standard'],
  us_batch: ['us_batch'],
  us_priority: ['us_priority', 'us_fast'],
  other: [],
};

const TIERS: ReadonlyMap<string, ServiceTier> = new Map(
  (Object.keys(WORDS) as ServiceTier[]).flatMap((tier) => WORDS[tier].map((word) => [word, tier] as const)),
);
