import type { SpanReader } from './span-reader.ts';

/** Words of requests that leave the tier to the provider, and of SDKs for "nothing special". */
const NO_TIER = /^(?:auto|normal|none|null|)$/i;

/** The tier that served, in the provider's word; the one that was asked for only where nothing tells. */
export function readServiceTier(reader: SpanReader): string | null {
  if (reader.flag('isBatch') === true) return 'batch';
  const asked = reader.text('askedTier');
  return reader.text('serviceTier') ?? (asked === null || NO_TIER.test(asked.trim()) ? null : asked);
}
