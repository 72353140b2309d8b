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

/** A span that was reported, as evaluations ask for it. */
export interface KnownSpan {
  /** Of the call that it is about; null for none. */
  readonly series: Series | null;
  /**
   * When its first version was seen. Whether an evaluation is in reach depends on nothing that may come later, or it
   * would matter how far reports were read before it was given up.
   */
  readonly firstSeenMs: number;
  /** Whether reports may still tell otherwise. */
  readonly isOpen: boolean;
}

export interface ReachOptions {
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
}

/** What an evaluation sees of a call that came by OTLP. */
export function callOfSpan({ series, firstSeenMs }: KnownSpan): KnownCall | null {
  return series === null ? null : { series, firstSeenMs, lastSeenMs: firstSeenMs };
}

/**
 * Whether what was logged then may speak of that call: until at most the horizon after it, from at most the timeout
 * before it.
 */
export function isInReach(
  { firstSeenMs, lastSeenMs }: Pick<KnownCall, 'firstSeenMs' | 'lastSeenMs'>,
  loggedAtMs: number,
  { joinTimeoutMs, dedupHorizonMs }: ReachOptions,
): boolean {
  return loggedAtMs - lastSeenMs <= dedupHorizonMs && firstSeenMs - loggedAtMs <= joinTimeoutMs;
}
