import { tierInGeo } from '../../events/tier-in-geo.ts';
import type { SpanReader } from './span-reader.ts';

/** Words of requests that leave the tier to the provider, and of SDKs for "nothing special". */
const NO_TIER = /^(?:auto|normal|none|null|)$/i;

/** The tier that served, in the provider's word; the one that was asked for only where nothing tells. */
export function readServiceTier(reader: SpanReader): string | null {
  return tierInGeo(readTier(reader), reader.text('geo'));
}

function readTier(reader: SpanReader): string | null {
  if (reader.flag('isBatch') === true) return 'batch';
  if (reader.text('speed') === 'fast') return 'fast';
  const asked = reader.text('askedTier');
  const served = reader.text('serviceTier') ?? tierOfDetails(reader);
  return served ?? (asked === null || NO_TIER.test(asked.trim()) ? null : asked);
}

/** Where LangChain keeps the details of a usage. With a tier its names are `flex`, `flex_cache_read` and the like. */
const DETAILS = ['gen_ai.usage.input_token_details', 'langsmith.metadata.usage_metadata'] as const;

function tierOfDetails({ span: { attributes } }: SpanReader): string | null {
  for (const key of DETAILS) {
    const details = attributes.get(key);
    if (typeof details !== 'string') continue;
    const [, tier] = /["'](flex|priority)(?:_cache_read)?["']\s*:/.exec(details) ?? [];
    if (tier !== undefined) return tier;
  }
  return null;
}
