import type { Histogram } from '../../tally/histogram.ts';
import { invariant } from '../../tally/invariant.ts';

/**
 * A histogram as the text of a `bigint[]`: `{bucket,bucket,…}` with `(index + 1024) * 2^41 + count` each and index
 * −1024 for zero; see `sql/functions.sql`. A count below 0, of what is taken back, stands in the 41 bits as its two's
 * complement. All elements are exact in a `number`.
 */
export function packHistogram(histogram: Histogram): string {
  const packed: number[] = [];
  if (histogram.zeroCount !== 0) packed.push(pack(-INDEX_OFFSET, histogram.zeroCount));
  histogram.forEachBucket((index, count) => packed.push(pack(index, count)));
  return `{${packed.join(',')}}`;
}

/**
 * Adds what `text` holds; a bucket may occur in it several times. Digit by digit, as splitting the text and converting
 * its parts took half as long again.
 */
export function addPackedHistogram(into: Histogram, text: string): void {
  let bucket = 0;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) bucket = bucket * 10 + (code - ZERO);
    else if (bucket > 0) {
      addBucket(into, bucket);
      bucket = 0;
    }
  }
}

function addBucket(into: Histogram, bucket: number): void {
  const code = Math.floor(bucket / COUNT_UNIT);
  const bits = bucket - code * COUNT_UNIT;
  const count = bits < COUNT_MAX ? bits : bits - COUNT_UNIT;
  if (code === 0) into.zeroCount += count;
  else into.addBucket(code - INDEX_OFFSET, count);
}

const ZERO = 0x30;
const NINE = 0x39;
const INDEX_OFFSET = 1024;
const CODE_MAX = 4095;
const COUNT_UNIT = 2 ** 41;
const COUNT_MAX = COUNT_UNIT / 2;

function pack(index: number, count: number): number {
  const code = index + INDEX_OFFSET;
  invariant(code >= 0 && code <= CODE_MAX, 'a bucket has an index of 12 bits');
  invariant(Math.abs(count) < COUNT_MAX, 'a bucket has a count of 41 bits, its sign among them');
  return code * COUNT_UNIT + (count < 0 ? count + COUNT_UNIT : count);
}
