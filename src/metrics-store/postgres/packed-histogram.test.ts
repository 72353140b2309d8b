import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Histogram } from '../../tally/histogram.ts';
import { addPackedHistogram, packHistogram } from './packed-histogram.ts';

const shown = (histogram: Histogram): unknown => [histogram.zeroCount, histogram.sortedBuckets()];

test('a packed histogram is read back as it was, from a nanosecond to thirty days', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 2_592_000_000, noNaN: true })), (valuesMs) => {
      const histogram = new Histogram();
      for (const valueMs of valuesMs) histogram.record(valueMs);
      const again = new Histogram();
      addPackedHistogram(again, packHistogram(histogram));
      assert.deepEqual(shown(again), shown(histogram));
    }),
  );
});

test('a bucket that is packed twice counts twice', () => {
  const histogram = new Histogram();
  for (const valueMs of [0, 5, 5, 7]) histogram.record(valueMs);
  const text = packHistogram(histogram);
  const twice = new Histogram();
  addPackedHistogram(twice, `{${text.slice(1, -1)},${text.slice(1, -1)}}`);
  histogram.add(histogram);
  assert.deepEqual(shown(twice), shown(histogram));
});

test('an index or count that does not fit is a bug, not a wrong number', () => {
  for (const [index, count] of [
    [3072, 1],
    [-1025, 1],
    [0, 2 ** 40],
    [0, -(2 ** 40)],
  ] as const) {
    const histogram = new Histogram();
    histogram.addBucket(index, count);
    assert.throws(() => packHistogram(histogram), /12 bits|41 bits/);
  }
});
