import { ExactSum } from './exact-sum.ts';
import { type KindsOf, ofKind } from './kinds.ts';

/**
 * Who answered, for the bill: prices are looked up by this and the call's time, and what it is apart from the series
 * is that a router may answer with another model than the one asked for.
 */
export interface BilledModel {
  readonly provider: string;
  readonly model: string;
  /** The prompt size at which the price band of this call begins; 0 where the price has one band. */
  readonly bandFromTokens: number;
}

/**
 * The billable parts of a window's tokens per billed model. They are disjoint, so cost is a linear function of them
 * and can be computed again, exactly, when a price turns out wrong.
 */
export class Usage {
  calls = 0;
  /** … of these, calls with an unknown token count: they cannot be priced, and their tokens enter no sum. */
  unknownCalls = 0;
  /** Prompt tokens that are neither read from nor written to a cache, nor audio. */
  inputTokens = 0;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  /** Completion tokens, reasoning included, audio not. */
  outputTokens = 0;
  inputAudioTokens = 0;
  outputAudioTokens = 0;
  readonly costPicoUsd = new ExactSum();
  /** How many of `calls` have no price, those of unknown size included. */
  unpricedCalls = 0;
}

/** How each field adds, in the order in which stores keep them. A field that is not here does not compile. */
const USAGE_KINDS = {
  calls: 'sum',
  unknownCalls: 'sum',
  inputTokens: 'sum',
  cacheReadTokens: 'sum',
  cacheWriteTokens: 'sum',
  outputTokens: 'sum',
  inputAudioTokens: 'sum',
  outputAudioTokens: 'sum',
  unpricedCalls: 'sum',
  costPicoUsd: 'exactSum',
} as const satisfies KindsOf<Usage, UsageKinds>;

interface UsageKinds extends Record<string, unknown> {
  readonly sum: number;
  readonly exactSum: ExactSum;
}

export const USAGE_SUMS = ofKind(USAGE_KINDS, 'sum');
/** Sums of money. */
export const USAGE_EXACT_SUMS = ofKind(USAGE_KINDS, 'exactSum');

/** `into += from`. */
export function addUsage(into: Usage, from: Usage): void {
  for (const field of USAGE_SUMS) into[field] += from[field];
  for (const field of USAGE_EXACT_SUMS) into[field].add(from[field]);
}

/** `into -= from`: takes back what was added. */
export function subtractUsage(into: Usage, from: Usage): void {
  for (const field of USAGE_SUMS) into[field] -= from[field];
  for (const field of USAGE_EXACT_SUMS) into[field].subtract(from[field]);
}
