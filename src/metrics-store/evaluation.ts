/** To be added to the minute row of an evaluation name in a series of the call. */
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
  /** Whole millionths, so that the sum is exact in any order. */
  scoreMicroSum: number;
  judged: number;
  passed: number;
  readonly labels: Map<string, number>;
}
