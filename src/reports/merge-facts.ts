import type { Facts } from './report.ts';

/** Fields that are taken from one report together, since each means something only beside the others. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  finish_reason: ['finish_reason_raw'],
  error: ['error_kind'],
  reported_cost_usd: ['cost_reported_by'],
};
const FOLLOWERS: ReadonlySet<string> = new Set(Object.values(TOGETHER).flat());

/**
 * Takes from `other` what `winner` does not know. Never a number that the winner has: it is nearer to the wire. An error
 * that only the other one saw is taken too: a stream that broke ends well for whoever only saw its start.
 *
 * Whatever a report may say is filled alike, so that a new field needs nothing here.
 */
export function fillGaps(winner: Facts, other: Facts): Facts {
  const filled: Record<string, unknown> = { ...winner };
  for (const [field, value] of Object.entries(other)) {
    if (value === null || value === undefined || FOLLOWERS.has(field)) continue;
    if (!isGap(filled, field, other)) continue;
    filled[field] = value;
    for (const follower of TOGETHER[field] ?? []) filled[follower] = other[follower as keyof Facts];
  }
  return filled;
}

function isGap(filled: Readonly<Record<string, unknown>>, field: string, other: Facts): boolean {
  const own = filled[field] ?? null;
  if (own === null) return true;
  // What a provider or gateway charged is worth more than what a client reckoned.
  if (field === 'reported_cost_usd')
    return isEstimate(filled['cost_reported_by']) && !isEstimate(other['cost_reported_by' as keyof Facts]);
  // Two instrumentations of one failure each know a part: the longer text says more.
  return field === 'error' && typeof own === 'string' && (other.error?.length ?? 0) > own.length;
}

function isEstimate(reportedBy: unknown): boolean {
  return reportedBy !== 'provider' && reportedBy !== 'gateway';
}
