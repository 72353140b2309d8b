const STANDARD = /^(?:|auto|default|standard(?:_only)?)$/i;

/**
 * The word for the tier that served a call of Claude, with the geography in which it did: Anthropic bills inference
 * that stays in the US (`inference_geo`) dearer, in each of its tiers but those that are bought by the month.
 */
export function tierInGeo(tier: string | null, geo: string | null): string | null {
  if (geo?.trim().toLowerCase() !== 'us') return tier;
  if (tier === null || STANDARD.test(tier)) return 'us';
  return /^(?:batch|fast)$/i.test(tier) ? `us_${tier.toLowerCase()}` : tier;
}
