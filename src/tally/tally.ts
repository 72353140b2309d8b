import { ExactSum } from './exact-sum.ts';
import { Histogram } from './histogram.ts';

/**
 * What one window knows about one series.
 *
 * Everything is a sum of whole numbers (and one maximum), so tallies form a commutative monoid under
 * `addTally` with `new Tally()` as zero: deltas may be stored in any order, batches cut anywhere, windows regrouped
 * into longer ones. What does not add (a mean, a percentile) is derived when it is read.
 */
export class Tally {
  /** Calls whose request was seen. */
  requests = 0;
  /** … whose response was seen too; `completed` includes `errors`. */
  completed = 0;
  /** … whose response did not come within the join timeout. In flight is what remains of `requests`. */
  unanswered = 0;
  errors = 0;
  /** Whole microseconds, so that the sum is exact in any order. */
  latencyUsSum = 0;
  latencyUsMax = 0;
  promptTokens = 0;
  /** Calls whose prompt tokens are known: the divisor of their average. */
  promptTokensKnown = 0;
  completionTokens = 0;
  completionTokensKnown = 0;
  cachedPromptTokens = 0;
  cacheWriteTokens = 0;
  reasoningTokens = 0;
  /** In 10^-12 USD: fine enough to hold a price per token as a whole number, so cost is exactly linear in tokens. */
  readonly costPicoUsd = new ExactSum();
  /** Completed calls without a price or with an unknown token count. */
  unpricedRequests = 0;
  readonly latency = new Histogram();
  readonly timeToFirstToken = new Histogram();
}

/** The fields that add as plain numbers, in the order in which stores keep them. */
export const TALLY_SUMS = [
  'requests',
  'completed',
  'unanswered',
  'errors',
  'latencyUsSum',
  'promptTokens',
  'promptTokensKnown',
  'completionTokens',
  'completionTokensKnown',
  'cachedPromptTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'unpricedRequests',
] as const satisfies readonly (keyof Tally)[];

/** `into += from`. */
export function addTally(into: Tally, from: Tally): void {
  for (const field of TALLY_SUMS) into[field] += from[field];
  into.latencyUsMax = Math.max(into.latencyUsMax, from.latencyUsMax);
  into.costPicoUsd.add(from.costPicoUsd);
  into.latency.add(from.latency);
  into.timeToFirstToken.add(from.timeToFirstToken);
}
