import { ExactSum } from './exact-sum.ts';
import { Histogram } from './histogram.ts';
import { type FieldsOf, type KindsOf, ofKind } from './kinds.ts';

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
  /** … whose response was seen too; `completed` includes `errors` and `cancelled`. */
  completed = 0;
  /** … whose response did not come within the join timeout. In flight is what remains of `requests`. */
  unanswered = 0;
  /** All failures, those of the kinds below included; what is left is of the kind `other`. */
  errors = 0;
  errorsRateLimit = 0;
  errorsTimeout = 0;
  errorsAuth = 0;
  errorsInvalidRequest = 0;
  errorsContentFilter = 0;
  errorsServer = 0;
  /** Calls that their user stopped, which is no failure. */
  cancelled = 0;
  /** Completed calls whose latency is known: the divisor of its average. */
  latencyKnown = 0;
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
  /** The part of `costPicoUsd` that providers and gateways said they charged. */
  readonly reportedCostPicoUsd = new ExactSum();
  /** What the calls that have a list price cost by it, those with a reported cost included. */
  readonly listCostPicoUsd = new ExactSum();
  /** Completed calls whose cost nobody knows. */
  unpricedRequests = 0;
  /** How many completed calls got their cost from where. Those that are left cost nothing, whatever the price. */
  pricedByProvider = 0;
  pricedByGateway = 0;
  pricedByList = 0;
  pricedByFile = 0;
  readonly latency = new Histogram();
  readonly timeToFirstToken = new Histogram();
}

/** How each field adds, in the order in which stores keep them. A field that is not here does not compile. */
const TALLY_KINDS = {
  requests: 'sum',
  completed: 'sum',
  unanswered: 'sum',
  errors: 'sum',
  errorsRateLimit: 'sum',
  errorsTimeout: 'sum',
  errorsAuth: 'sum',
  errorsInvalidRequest: 'sum',
  errorsContentFilter: 'sum',
  errorsServer: 'sum',
  cancelled: 'sum',
  latencyKnown: 'sum',
  latencyUsSum: 'sum',
  promptTokens: 'sum',
  promptTokensKnown: 'sum',
  completionTokens: 'sum',
  completionTokensKnown: 'sum',
  cachedPromptTokens: 'sum',
  cacheWriteTokens: 'sum',
  reasoningTokens: 'sum',
  unpricedRequests: 'sum',
  pricedByProvider: 'sum',
  pricedByGateway: 'sum',
  pricedByList: 'sum',
  pricedByFile: 'sum',
  latencyUsMax: 'max',
  costPicoUsd: 'exactSum',
  reportedCostPicoUsd: 'exactSum',
  listCostPicoUsd: 'exactSum',
  latency: 'histogram',
  timeToFirstToken: 'histogram',
} as const satisfies KindsOf<Tally, TallyKinds>;

interface TallyKinds extends Record<string, unknown> {
  readonly sum: number;
  readonly max: number;
  readonly exactSum: ExactSum;
  readonly histogram: Histogram;
}

export const TALLY_SUMS = ofKind(TALLY_KINDS, 'sum');
export const TALLY_MAXIMA = ofKind(TALLY_KINDS, 'max');
/** Sums of money. */
export const TALLY_EXACT_SUMS = ofKind(TALLY_KINDS, 'exactSum');
export const TALLY_HISTOGRAMS = ofKind(TALLY_KINDS, 'histogram');

type FieldOf<Kind> = FieldsOf<typeof TALLY_KINDS, Kind>;
/** A tally that a call is added to, or what does as well, see `tally-rows.ts`. */
export type TallySink = { [Field in FieldOf<'sum' | 'max'>]: number } & {
  readonly [Field in FieldOf<'exactSum'>]: Pick<ExactSum, 'add' | 'subtract'>;
} & { readonly [Field in FieldOf<'histogram'>]: Pick<Histogram, 'record' | 'subtract'> };

/**
 * `into += from`. Field by field: named by a variable each took 60 ns, which was a sixth of a backfill's commits.
 * `tally.test.ts` compares it with the table.
 */
export function addTally(into: Tally, from: Tally): void {
  into.requests += from.requests;
  into.completed += from.completed;
  into.unanswered += from.unanswered;
  into.errors += from.errors;
  into.errorsRateLimit += from.errorsRateLimit;
  into.errorsTimeout += from.errorsTimeout;
  into.errorsAuth += from.errorsAuth;
  into.errorsInvalidRequest += from.errorsInvalidRequest;
  into.errorsContentFilter += from.errorsContentFilter;
  into.errorsServer += from.errorsServer;
  into.cancelled += from.cancelled;
  into.latencyKnown += from.latencyKnown;
  into.latencyUsSum += from.latencyUsSum;
  into.promptTokens += from.promptTokens;
  into.promptTokensKnown += from.promptTokensKnown;
  into.completionTokens += from.completionTokens;
  into.completionTokensKnown += from.completionTokensKnown;
  into.cachedPromptTokens += from.cachedPromptTokens;
  into.cacheWriteTokens += from.cacheWriteTokens;
  into.reasoningTokens += from.reasoningTokens;
  into.unpricedRequests += from.unpricedRequests;
  into.pricedByProvider += from.pricedByProvider;
  into.pricedByGateway += from.pricedByGateway;
  into.pricedByList += from.pricedByList;
  into.pricedByFile += from.pricedByFile;
  if (from.latencyUsMax > into.latencyUsMax) into.latencyUsMax = from.latencyUsMax;
  into.costPicoUsd.add(from.costPicoUsd);
  into.reportedCostPicoUsd.add(from.reportedCostPicoUsd);
  into.listCostPicoUsd.add(from.listCostPicoUsd);
  into.latency.add(from.latency);
  into.timeToFirstToken.add(from.timeToFirstToken);
}

/**
 * `into -= from`: takes back what was added. A maximum has no inverse and stays; who reads it beside a histogram knows
 * the highest bucket that is left.
 */
export function subtractTally(into: TallySink, from: Tally): void {
  for (const field of TALLY_SUMS) into[field] -= from[field];
  for (const field of TALLY_EXACT_SUMS) into[field].subtract(from[field]);
  for (const field of TALLY_HISTOGRAMS) into[field].subtract(from[field]);
}

/** Whether nothing is in it; its maximum, which cannot be taken back, says nothing. */
export function isEmptyTally(tally: Tally): boolean {
  return (
    TALLY_SUMS.every((field) => tally[field] === 0) &&
    TALLY_EXACT_SUMS.every((field) => tally[field].value === 0n) &&
    TALLY_HISTOGRAMS.every((field) => tally[field].isEmpty)
  );
}
