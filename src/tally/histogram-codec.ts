import { Histogram } from './histogram.ts';
import { invariant } from './invariant.ts';
import { readVarint, unzigzag, writeVarint, zigzag } from './varint.ts';

/**
 * A histogram as bytes, for the embedded store: unsigned LEB128 varints
 *
 *     zigzag(zeroCount) (zigzag(index - previous index) zigzag(count))*
 *
 * with ascending indexes, the first against 0. Two or three bytes a bucket; an empty histogram has no bytes at all.
 * What is taken back from a row has counts below 0.
 */
export function encodeHistogram(histogram: Histogram): Uint8Array {
  if (histogram.isEmpty) return NO_BYTES;
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES_MAX * (1 + 2 * histogram.bucketCount));
  let at = writeVarint(bytes, 0, zigzag(histogram.zeroCount));
  let previous = 0;
  histogram.forEachBucket((index, count) => {
    at = writeVarint(bytes, at, zigzag(index - previous));
    at = writeVarint(bytes, at, zigzag(count));
    previous = index;
  });
  return bytes.subarray(0, at);
}

const NO_BYTES = new Uint8Array(0);
const NUMBER_BYTES_MAX = 8;

/** A histogram of one duration, in this bucket. */
export function encodeOneDuration(index: number): Uint8Array {
  const coded = zigzag(index);
  const bytes = new Uint8Array(coded < 0x80 ? 3 : 4);
  const at = writeVarint(bytes, 1, coded);
  bytes[at] = zigzag(1);
  return bytes;
}

/** Adds the encoded histogram to `into`. @throws when the bytes end inside a number: the file is damaged. */
export function addEncodedHistogram(into: Histogram, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const reader = { bytes, at: 0 };
  into.zeroCount += unzigzag(readVarint(reader));
  let index = 0;
  while (reader.at < bytes.length) {
    index += unzigzag(readVarint(reader));
    into.addBucket(index, unzigzag(readVarint(reader)));
  }
}

export function decodeHistogram(bytes: Uint8Array): Histogram {
  const histogram = new Histogram();
  addEncodedHistogram(histogram, bytes);
  return histogram;
}

/**
 * The sum of two encoded histograms: what `hist_add` does in the store, for each row that a commit adds to. The bytes
 * are merged bucket by bucket and no histogram is made of them; what lies behind the last bucket of the shorter one,
 * mostly a commit's one or two, is copied as it is. Damage there is found by whoever reads the sum.
 */
export function addEncoded(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const [left, right] = [new EncodedBuckets(a), new EncodedBuckets(b)];
  const sum = new BucketWriter(a.length + b.length + LONGER_MAX, left.zeroCount + right.zeroCount);
  while (left.hasBucket && right.hasBucket) {
    const { index } = left.index <= right.index ? left : right;
    let count = 0;
    if (left.index === index) count += left.take();
    if (right.hasBucket && right.index === index) count += right.take();
    if (count !== 0) sum.add(index, count);
  }
  const rest = left.hasBucket ? left : right;
  if (rest.hasBucket) {
    const { index } = rest;
    sum.add(index, rest.take());
    if (rest.hasBucket) sum.copy(rest);
  }
  return sum.finish();
}

/**
 * A sum is as long as both together but for the first bucket of one of them: its index, which was told against 0, may
 * be further from the bucket that is before it now.
 */
const LONGER_MAX = 4;

/** Walks over encoded buckets. */
class EncodedBuckets {
  readonly bytes: Uint8Array;
  readonly zeroCount: number;
  at = 0;
  /** Where this bucket begins. */
  from = 0;
  index = 0;
  hasBucket = false;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.zeroCount = unzigzag(readVarint(this));
    this.#next();
  }

  /** The count of this bucket; goes on to the next. */
  take(): number {
    const count = this.#count;
    this.#next();
    return count;
  }

  #next(): void {
    this.from = this.at;
    this.hasBucket = this.at < this.bytes.length;
    if (!this.hasBucket) return;
    this.index += unzigzag(readVarint(this));
    this.#count = unzigzag(readVarint(this));
  }
}

class BucketWriter {
  readonly #bytes: Uint8Array;
  #at = 0;
  #previous = 0;
  #isEmpty: boolean;

  constructor(bytesMax: number, zeroCount: number) {
    this.#bytes = Buffer.allocUnsafe(bytesMax);
    this.#push(zigzag(zeroCount));
    this.#isEmpty = zeroCount === 0;
  }

  add(index: number, count: number): void {
    this.#push(zigzag(index - this.#previous));
    this.#push(zigzag(count));
    this.#previous = index;
    this.#isEmpty = false;
  }

  /** All that is left there, after the bucket before it was added. */
  copy({ bytes, from }: EncodedBuckets): void {
    this.#bytes.set(bytes.subarray(from), this.#at);
    this.#at += bytes.length - from;
  }

  finish(): Uint8Array {
    invariant(this.#at <= this.#bytes.length, 'a sum of histograms is no longer than both');
    return this.#bytes.subarray(0, this.#isEmpty ? 0 : this.#at);
  }

  #push(value: number): void {
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }
}
