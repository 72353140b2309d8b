import type { Series } from '../../../tally/series.ts';

/**
 * A call as evaluations ask for it: what it is about, and from when to when its request was seen, repetitions
 * included. An id that comes again after the dedup horizon is another call, and so is one of another tenant.
 */
export interface KnownCall {
  readonly series: Series;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export interface ReachOptions {
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
}

/**
 * Whether what was logged then may speak of that call: until at most the horizon after it, from at most the timeout
 * before it.
 */
export function isInReach(
  { firstSeenMs, lastSeenMs }: KnownCall,
  loggedAtMs: number,
  { joinTimeoutMs, dedupHorizonMs }: ReachOptions,
): boolean {
  return loggedAtMs - lastSeenMs <= dedupHorizonMs && firstSeenMs - loggedAtMs <= joinTimeoutMs;
}
