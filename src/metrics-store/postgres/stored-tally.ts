import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS, type Tally } from '../../tally/tally.ts';
import { addPackedHistogram } from './packed-histogram.ts';
import type { SqlRow } from './postgres-values.ts';

const MONEY_FROM = TALLY_SUMS.length + TALLY_MAXIMA.length;

/**
 * Adds the tally whose columns begin at `row[at]`: a text of the sums, the maxima and the sums of money, with blanks
 * between them, then the histograms.
 */
export function addStoredTally(into: Tally, row: SqlRow, at: number): void {
  const text = row[at] as string;
  let end = text.length;
  for (let i = TALLY_EXACT_SUMS.length - 1; i >= 0; i--) {
    const start = text.lastIndexOf(' ', end - 1) + 1;
    const amount = text.slice(start, end);
    const sum = into[TALLY_EXACT_SUMS[i] as (typeof TALLY_EXACT_SUMS)[number]];
    if (amount.length <= EXACT_DIGITS) sum.addProduct(Number(amount), 1);
    else sum.addBig(BigInt(amount));
    end = start - 1;
  }
  const numbers = wholeNumbers(text, end + 1);
  for (let i = 0; i < TALLY_SUMS.length; i++)
    into[TALLY_SUMS[i] as (typeof TALLY_SUMS)[number]] += numbers[i] as number;
  for (let i = TALLY_SUMS.length; i < MONEY_FROM; i++) {
    const field = TALLY_MAXIMA[i - TALLY_SUMS.length] as (typeof TALLY_MAXIMA)[number];
    into[field] = Math.max(into[field], numbers[i] as number);
  }
  for (const [index, field] of TALLY_HISTOGRAMS.entries())
    addPackedHistogram(into[field], row[at + 1 + index] as string);
}

/** Any whole number of so many characters is exact as a `number`. */
const EXACT_DIGITS = 15;

/**
 * The numbers before `end`, each with a blank after it. Digit by digit: splitting and converting took five times as
 * long.
 */
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
