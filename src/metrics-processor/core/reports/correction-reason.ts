import type { ResolvedCall } from '../../../reports/resolved-call.ts';

/**
 * What was learnt about a call after it was counted.
 *
 * - `merged`: it is one with another call
 * - `tenant`, `route`: it belongs elsewhere
 * - `usage`: its tokens, its model or its cost are others
 * - `outcome`: it ended otherwise, or lasted longer
 * - `details`: what only the single call shows
 */
export const CORRECTION_REASONS = ['merged', 'tenant', 'route', 'usage', 'outcome', 'details'] as const;

export type CorrectionReason = (typeof CORRECTION_REASONS)[number];

const USAGE = /_tokens$|^model$|^provider$|_usd$|^service_tier$|^cache_hit$/;
const OUTCOME = /^error|^latency_ms$|^finish_reason|^time_to_first_token_ms$|^timestamp$/;

/** The first of the reasons that applies. */
export function correctionReason(before: ResolvedCall, now: ResolvedCall | null): CorrectionReason {
  if (now === null) return 'merged';
  if (before.request.tenant_id !== now.request.tenant_id) return 'tenant';
  if (before.request.route !== now.request.route) return 'route';
  const changed = [...changedFields(before.request, now.request), ...changedFields(before.response, now.response)];
  if (changed.some((field) => USAGE.test(field))) return 'usage';
  return changed.some((field) => OUTCOME.test(field)) ? 'outcome' : 'details';
}

function changedFields(before: object, now: object): readonly string[] {
  const [a, b] = [before as Record<string, unknown>, now as Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((field) => a[field] !== b[field]);
}
