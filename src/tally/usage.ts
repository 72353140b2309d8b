import { ExactSum } from './exact-sum.ts';
import { type FieldsOf, type KindsOf, ofKind } from './kinds.ts';

/**
 * Who answered, for the bill: prices are looked up by this and the call's time, and what it is apart from the series
 * is that a router may answer with another model than the one asked for.
 */
export interface BilledModel {
  readonly provider: string;
  readonly model: string;
  /** The last prompt size below the call's at which a price may change; 0 below all of them. */
  readonly bandFromTokens: number;
  /** The tier that served; '' is the standard one. */
  readonly serviceTier: string;
  /** Whose word the cost is; '' where it is tokens times prices. */
  readonly reportedBy: '' | 'provider' | 'gateway';
}

/**
 * The billable parts of a window's tokens per billed model. They are disjoint, so cost is a linear function of them
 * and can be computed again, exactly, when a price turns out wrong.
 */
export class Usage {
  calls = 0;
  /** … of these, calls with an unknown token count: they cannot be priced, and their tokens enter no sum. */
  unknownCalls = 0;
  /** … calls that cost nothing whatever the price: failed before any output, or answered from a proxy's cache. */
  freeCalls = 0;
  /** The parts of a bill, as `prices/cost.ts` cuts them. */
  inputTokens = 0;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  cacheWrite1hTokens = 0;
  inputAudioTokens = 0;
  cacheReadAudioTokens = 0;
  inputImageTokens = 0;
  outputTokens = 0;
  outputAudioTokens = 0;
  outputImageTokens = 0;
  requestFees = 0;
  webSearches = 0;
  groundedRequests = 0;
  readonly costPicoUsd = new ExactSum();
  /** What these calls cost by the list, also where a reported cost stands in `costPicoUsd`. */
  readonly listCostPicoUsd = new ExactSum();
  /** How many of `calls` have no price, those of unknown size included. */
  unpricedCalls = 0;
  /** How many were priced by the list, how many by the user's file. */
  listCalls = 0;
  fileCalls = 0;
}

/** How each field adds, in the order in which stores keep them. A field that is not here does not compile. */
const USAGE_KINDS = {
  calls: 'sum',
  unknownCalls: 'sum',
  freeCalls: 'sum',
  inputTokens: 'sum',
  cacheReadTokens: 'sum',
  cacheWriteTokens: 'sum',
  cacheWrite1hTokens: 'sum',
  inputAudioTokens: 'sum',
  cacheReadAudioTokens: 'sum',
  inputImageTokens: 'sum',
  outputTokens: 'sum',
  outputAudioTokens: 'sum',
  outputImageTokens: 'sum',
  requestFees: 'sum',
  webSearches: 'sum',
  groundedRequests: 'sum',
  unpricedCalls: 'sum',
  listCalls: 'sum',
  fileCalls: 'sum',
  costPicoUsd: 'exactSum',
  listCostPicoUsd: 'exactSum',
} as const satisfies KindsOf<Usage, UsageKinds>;

interface UsageKinds extends Record<string, unknown> {
  readonly sum: number;
  readonly exactSum: ExactSum;
}

export const USAGE_SUMS = ofKind(USAGE_KINDS, 'sum');
/** Sums of money. */
export const USAGE_EXACT_SUMS = ofKind(USAGE_KINDS, 'exactSum');

type FieldOf<Kind> = FieldsOf<typeof USAGE_KINDS, Kind>;
/** A usage that a call is added to, or what does as well, see `usage-rows.ts`. */
export type UsageSink = { [Field in FieldOf<'sum'>]: number } & {
  readonly [Field in FieldOf<'exactSum'>]: Pick<ExactSum, 'add' | 'subtract'>;
};

/** `into += from`. */
export function addUsage(into: Usage, from: Usage): void {
  for (const field of USAGE_SUMS) into[field] += from[field];
  for (const field of USAGE_EXACT_SUMS) into[field].add(from[field]);
}

/** `into -= from`: takes back what was added. */
export function subtractUsage(into: UsageSink, from: Usage): void {
  for (const field of USAGE_SUMS) into[field] -= from[field];
  for (const field of USAGE_EXACT_SUMS) into[field].subtract(from[field]);
}
