import { type KindsOf, ofKind } from '../tally/kinds.ts';

/**
 * To be added to the minute row of an evaluation name in a series of the call. Negative where a call was corrected that
 * the evaluation is about: it moves to the call's other series in the same commit. A row of no evaluation is none.
 */
export interface EvaluationDelta {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly name: string;
  readonly windowStartMs: number;
  readonly tally: EvaluationTally;
}

/** A commutative sum, like `Tally`. */
export interface EvaluationTally {
  count: number;
  scored: number;
  /**
   * Whole millionths, so that the sum is exact in any order. Nine of the largest scores are more than a number holds.
   */
  scoreMicroSum: bigint;
  judged: number;
  passed: number;
  readonly labels: Map<string, number>;
}

export function emptyEvaluationTally(): EvaluationTally {
  return { count: 0, scored: 0, scoreMicroSum: 0n, judged: 0, passed: 0, labels: new Map() };
}

/** `into += from`. */
export function addEvaluationTally(into: EvaluationTally, from: EvaluationTally): void {
  for (const field of EVALUATION_SUMS) into[field] += from[field];
  into.scoreMicroSum += from.scoreMicroSum;
  addLabelCounts(into.labels, from.labels);
}

/** `into += from`. A label of none is left out, since what was taken back leaves no trace. */
export function addLabelCounts(
  into: Map<string, number>,
  from: Iterable<readonly [label: string, count: number]>,
): void {
  for (const [label, count] of from) {
    const sum = (into.get(label) ?? 0) + count;
    if (sum === 0) into.delete(label);
    else into.set(label, sum);
  }
}

/** How each field adds, in the order in which stores keep them. A field that is not here does not compile. */
const EVALUATION_KINDS = {
  count: 'sum',
  scored: 'sum',
  judged: 'sum',
  passed: 'sum',
  scoreMicroSum: 'bigSum',
  labels: 'counts',
} as const satisfies KindsOf<EvaluationTally, EvaluationKinds>;

interface EvaluationKinds extends Record<string, unknown> {
  readonly sum: number;
  readonly bigSum: bigint;
  readonly counts: ReadonlyMap<string, number>;
}

/** The fields that add as plain numbers. */
export const EVALUATION_SUMS = ofKind(EVALUATION_KINDS, 'sum');
