import type { SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { ExactSum } from '../../tally/exact-sum.ts';
import { addEncodedHistogram, encodeHistogram } from '../../tally/histogram-codec.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS, type Tally } from '../../tally/tally.ts';
import {
  TALLY_EXACT_COLUMNS,
  TALLY_HISTOGRAM_COLUMNS,
  TALLY_MAX_COLUMNS,
  TALLY_SUM_COLUMNS,
} from '../tally-columns.ts';

/** The columns of a tally in the order in which it is written and read. */
export const TALLY_COLUMNS: readonly string[] = [
  ...TALLY_SUM_COLUMNS,
  ...TALLY_MAX_COLUMNS,
  ...TALLY_EXACT_COLUMNS,
  ...TALLY_HISTOGRAM_COLUMNS,
];

export function tallyValues(tally: Tally): SqlValue[] {
  const values: SqlValue[] = TALLY_SUMS.map((field) => tally[field]);
  for (const field of TALLY_MAXIMA) values.push(tally[field]);
  for (const field of TALLY_EXACT_SUMS) values.push(moneyValue(tally[field]));
  for (const field of TALLY_HISTOGRAMS) values.push(encodeHistogram(tally[field]));
  return values;
}

function moneyValue(sum: ExactSum): SqlValue {
  return sum.smallValue ?? int64(sum.value);
}

/** Adds the tally whose columns begin at `row[at]`. */
export function addStoredTally(into: Tally, row: readonly SqlValue[], at: number): void {
  let next = at;
  for (const field of TALLY_SUMS) into[field] += Number(row[next++]);
  for (const field of TALLY_MAXIMA) into[field] = Math.max(into[field], Number(row[next++]));
  for (const field of TALLY_EXACT_SUMS) into[field].addBig(storedBigInt(row[next++]));
  for (const field of TALLY_HISTOGRAMS) addEncodedHistogram(into[field], row[next++] as Uint8Array);
}

/** The closest integer that SQLite can hold: 9.2 million USD at most, which no minute of one series costs. */
export function int64(value: bigint): bigint {
  if (value > INT64_MAX) return INT64_MAX;
  return value < -INT64_MAX ? -INT64_MAX : value;
}

/** A sum as SQLite stores it: beyond 2^63 the closest float, which is what its own addition would give. */
export function int64OrFloat(value: bigint): bigint | number {
  return int64(value) === value ? value : Number(value);
}

const INT64_MAX = 2n ** 63n - 1n;

/** SQLite turns a sum beyond 2^63 into a float rather than fail; it is then as good as a float can be. */
export function storedBigInt(value: SqlValue | undefined): bigint {
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
}
