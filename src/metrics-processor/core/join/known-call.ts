import type { Series } from '../../../tally/series.ts';

/**
 * A call as evaluations ask for it: what it is about, and from when to when its request was seen, repetitions
 * included. An id that comes again after the dedup horizon is another call.
 */
export interface KnownCall {
  readonly series: Series;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}
