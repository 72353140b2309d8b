import type { ExactSum } from './exact-sum.ts';
import type { Histogram } from './histogram.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS, type Tally } from './tally.ts';
import { type ByteReader, pushVarint, readVarint, unzigzag, zigzag } from './varint.ts';

/**
 * A tally as bytes: what in it is not zero, by varints
 *
 *     (field value)* 0
 *
 * with fields numbered from 1 in the order of the lists of `tally.ts`. A number is its zigzag; a sum of money is the
 * zigzag of what is left of its last 32 bits, then those; a histogram is
 *
 *     zigzag(zeroCount) bucketCount (zigzag(index - previous index) zigzag(count))*
 *
 * What calls that were answered add may be said by one field, which stands first; what is in it besides follows. It
 * stands for as many of each count in `COUNTS_OF_CALL` as there are calls, and for a cost that is that by the list. Of
 * several it is `CALLS_FIELD`, of one `CALL_FIELD`, whose latency is the longest too and known by its bucket:
 *
 *     count zigzag(latencyUsSum) zigzag(promptTokens) zigzag(completionTokens) cost zigzag(latencyUsMax)
 *     zigzag(latencyUs) zigzag(promptTokens) zigzag(completionTokens) cost zigzag(bucket of latency)
 *
 * Whoever changes the order of the lists, or adds to any but the last, must empty what was written before.
 *
 * Some thirty bytes where a row of columns takes 200, and a tenth of its time to read.
 */
export const NUMBERS = [...TALLY_SUMS, ...TALLY_MAXIMA] as const;
const MAXIMA_FROM = 1 + TALLY_SUMS.length;
export const EXACT_FROM = MAXIMA_FROM + TALLY_MAXIMA.length;
export const HISTOGRAMS_FROM = EXACT_FROM + TALLY_EXACT_SUMS.length;

/** Larger than all other fields, in one byte. */
export const CALLS_FIELD = 0x7e;
export const CALL_FIELD = 0x7f;
/** What a call has one of whose request and answer were counted and said all that is wanted of them. */
export const COUNTS_OF_CALL = [
  'requests',
  'completed',
  'latencyKnown',
  'promptTokensKnown',
  'completionTokensKnown',
] as const satisfies readonly (typeof TALLY_SUMS)[number][];

/** A zigzag is twice the number, and both are exact. */
const NUMBER_MAX = 2 ** 52;
/** Money is written as a multiple of this and what is left of it. */
export const LOW_UNIT = 2 ** 32;
export const LOW_BITS = 0xffff_ffffn;

/** The nearest number that the form can hold. */
export const held = (value: number): number => Math.min(Math.max(value, 1 - NUMBER_MAX), NUMBER_MAX - 1);

/** Null where a sum is larger than the form can hold: 10^15 of anything. */
export function encodeTally(tally: Tally): number[] | null {
  const bytes: number[] = [];
  for (let i = 0; i < NUMBERS.length; i++) {
    const value = tally[NUMBERS[i] as (typeof NUMBERS)[number]];
    if (value === 0) continue;
    if (!(Math.abs(value) < NUMBER_MAX)) return null;
    bytes.push(i + 1);
    pushVarint(bytes, zigzag(value));
  }
  for (let i = 0; i < TALLY_EXACT_SUMS.length; i++) {
    const sum = tally[TALLY_EXACT_SUMS[i] as (typeof TALLY_EXACT_SUMS)[number]];
    if (!pushMoney(bytes, EXACT_FROM + i, sum)) return null;
  }
  for (let i = 0; i < TALLY_HISTOGRAMS.length; i++) {
    const histogram = tally[TALLY_HISTOGRAMS[i] as (typeof TALLY_HISTOGRAMS)[number]];
    if (histogram.isEmpty) continue;
    bytes.push(HISTOGRAMS_FROM + i);
    pushHistogram(bytes, histogram);
  }
  bytes.push(0);
  return bytes;
}

/** Adds the tally that begins where the reader is, which is then at its end. */
export function addEncodedTally(into: Tally, reader: ByteReader): void {
  for (let field = readVarint(reader); field !== 0; field = readVarint(reader)) {
    if (field < MAXIMA_FROM) {
      into[TALLY_SUMS[field - 1] as (typeof TALLY_SUMS)[number]] += unzigzag(readVarint(reader));
    } else if (field < EXACT_FROM) {
      const name = TALLY_MAXIMA[field - MAXIMA_FROM] as (typeof TALLY_MAXIMA)[number];
      into[name] = Math.max(into[name], unzigzag(readVarint(reader)));
    } else if (field < HISTOGRAMS_FROM) {
      addMoney(into[TALLY_EXACT_SUMS[field - EXACT_FROM] as (typeof TALLY_EXACT_SUMS)[number]], reader);
    } else if (field < CALLS_FIELD) {
      addHistogram(into[TALLY_HISTOGRAMS[field - HISTOGRAMS_FROM] as (typeof TALLY_HISTOGRAMS)[number]], reader);
    } else addCalls(into, reader, field === CALL_FIELD);
  }
}

function addCalls(into: Tally, reader: ByteReader, isOne: boolean): void {
  const count = isOne ? 1 : readVarint(reader);
  for (const field of COUNTS_OF_CALL) into[field] += count;
  const latencyUs = unzigzag(readVarint(reader));
  into.latencyUsSum += latencyUs;
  into.promptTokens += unzigzag(readVarint(reader));
  into.completionTokens += unzigzag(readVarint(reader));
  const costAt = reader.at;
  addMoney(into.costPicoUsd, reader);
  reader.at = costAt;
  addMoney(into.listCostPicoUsd, reader);
  if (isOne) into.latency.addBucket(unzigzag(readVarint(reader)), 1);
  into.latencyUsMax = Math.max(into.latencyUsMax, isOne ? latencyUs : unzigzag(readVarint(reader)));
}

/** False where it is too large. */
function pushMoney(bytes: number[], field: number, sum: ExactSum): boolean {
  const { smallValue } = sum;
  const value = smallValue === null ? sum.value : 0n;
  const high = smallValue === null ? Number(value >> 32n) : Math.floor(smallValue / LOW_UNIT);
  const low = smallValue === null ? Number(value & LOW_BITS) : smallValue - high * LOW_UNIT;
  if (high === 0 && low === 0) return true;
  if (!(Math.abs(high) < NUMBER_MAX)) return false;
  bytes.push(field);
  pushVarint(bytes, zigzag(high));
  pushVarint(bytes, low);
  return true;
}

function addMoney(into: ExactSum, reader: ByteReader): void {
  const high = unzigzag(readVarint(reader));
  const low = readVarint(reader);
  if (high === 0) into.addProduct(low, 1);
  else into.addBig((BigInt(high) << 32n) + BigInt(low));
}

function pushHistogram(bytes: number[], histogram: Histogram): void {
  pushVarint(bytes, zigzag(histogram.zeroCount));
  pushVarint(bytes, histogram.bucketCount);
  let previous = 0;
  histogram.forEachBucket((index, count) => {
    pushVarint(bytes, zigzag(index - previous));
    pushVarint(bytes, zigzag(count));
    previous = index;
  });
}

function addHistogram(into: Histogram, reader: ByteReader): void {
  into.zeroCount += unzigzag(readVarint(reader));
  let index = 0;
  for (let left = readVarint(reader); left > 0; left--) {
    index += unzigzag(readVarint(reader));
    into.addBucket(index, unzigzag(readVarint(reader)));
  }
}
