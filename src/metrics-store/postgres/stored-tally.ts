import { TALLY_SUMS, type Tally } from '../../tally/tally.ts';
import { addPackedHistogram } from './packed-histogram.ts';
import type { SqlRow } from './postgres-values.ts';

/**
 * Adds the tally whose columns begin at `row[at]`: a text of the sums, the largest latency and the cost, with blanks between them,
 * then the two histograms.
 */
export function addStoredTally(into: Tally, row: SqlRow, at: number): void {
  const text = row[at] as string;
  const costAt = text.lastIndexOf(' ') + 1;
  const numbers = wholeNumbers(text, costAt);
  for (let i = 0; i < TALLY_SUMS.length; i++)
    into[TALLY_SUMS[i] as (typeof TALLY_SUMS)[number]] += numbers[i] as number;
  into.latencyUsMax = Math.max(into.latencyUsMax, numbers[TALLY_SUMS.length] as number);
  const cost = text.slice(costAt);
  if (cost.length <= EXACT_DIGITS) into.costPicoUsd.addProduct(Number(cost), 1);
  else into.costPicoUsd.addBig(BigInt(cost));
  addPackedHistogram(into.latency, row[at + 1] as string);
  addPackedHistogram(into.timeToFirstToken, row[at + 2] as string);
}

/** Any whole number of so many characters is exact as a `number`. */
const EXACT_DIGITS = 15;

/** The numbers before `end`, each with a blank after it. Digit by digit: splitting and converting took five times as long. */
function wholeNumbers(text: string, end: number): number[] {
  const numbers: number[] = [];
  let value = 0;
  let sign = 1;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === BLANK) {
      numbers.push(sign * value);
      value = 0;
      sign = 1;
    } else if (code === MINUS) sign = -1;
    else value = value * 10 + (code - ZERO);
  }
  return numbers;
}

const BLANK = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;
