import { TALLY_SUMS, type Tally } from '../../tally/tally.ts';
import { addPackedHistogram } from './packed-histogram.ts';
import type { SqlRow } from './postgres-values.ts';

/**
 * Adds the tally whose columns begin at `row[at]`: a text of the sums, the largest latency and the cost, with blanks between them,
 * then the two histograms.
 */
export function addStoredTally(into: Tally, row: SqlRow, at: number): void {
  const numbers = (row[at] as string).split(' ');
  for (let i = 0; i < TALLY_SUMS.length; i++) into[TALLY_SUMS[i] as (typeof TALLY_SUMS)[number]] += Number(numbers[i]);
  into.latencyUsMax = Math.max(into.latencyUsMax, Number(numbers[TALLY_SUMS.length]));
  const cost = numbers[TALLY_SUMS.length + 1] as string;
  if (cost.length <= EXACT_DIGITS) into.costPicoUsd.addProduct(Number(cost), 1);
  else into.costPicoUsd.addBig(BigInt(cost));
  addPackedHistogram(into.latency, row[at + 1] as string);
  addPackedHistogram(into.timeToFirstToken, row[at + 2] as string);
}

/** Any whole number of so many characters is exact as a `number`. */
const EXACT_DIGITS = 15;
