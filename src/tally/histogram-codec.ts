import { Histogram } from './histogram.ts';
import { pushVarint, readVarint, unzigzag, zigzag } from './varint.ts';

/**
 * A histogram as bytes, for the embedded store: unsigned LEB128 varints
 *
 *     zigzag(zeroCount) (zigzag(index - previous index) zigzag(count))*
 *
 * with ascending indexes, the first against 0. Two or three bytes a bucket; an empty histogram has no bytes at all.
 * What is taken back from a row has counts below 0.
 */
export function encodeHistogram(histogram: Histogram): Uint8Array {
  if (histogram.isEmpty) return new Uint8Array(0);
  const bytes: number[] = [];
  pushVarint(bytes, zigzag(histogram.zeroCount));
  let previous = 0;
  histogram.forEachBucket((index, count) => {
    pushVarint(bytes, zigzag(index - previous));
    pushVarint(bytes, zigzag(count));
    previous = index;
  });
  return Uint8Array.from(bytes);
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

/** The sum of two encoded histograms: what `hist_add` does in the store. */
export function addEncoded(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const sum = decodeHistogram(a);
  addEncodedHistogram(sum, b);
  return encodeHistogram(sum);
}
