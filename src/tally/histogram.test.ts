import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';
import { addEncoded, addEncodedHistogram, decodeHistogram, encodeHistogram } from './histogram-codec.ts';

/** Most calls take a second, some a hundred: Pareto's tail, and now and then nothing at all. */
const latencies = fc
  .tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 20 }))
  .map(([share, luck]) => (luck === 0 ? 0 : 300 / (1 - share) ** 1.2));

const histograms = fc.array(latencies, { maxLength: 60 }).map(of);

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

function sum(...parts: readonly Histogram[]): Histogram {
  const total = new Histogram();
  for (const part of parts) total.add(part);
  return total;
}

const contents = (histogram: Histogram): unknown => [histogram.zeroCount, histogram.sortedBuckets()];

test('histograms add in any order and any grouping, and the empty one is zero', () => {
  fc.assert(
    fc.property(histograms, histograms, histograms, (a, b, c) => {
      assert.deepEqual(contents(sum(a, b)), contents(sum(b, a)));
      assert.deepEqual(contents(sum(sum(a, b), c)), contents(sum(a, sum(b, c))));
      assert.deepEqual(contents(sum(a, new Histogram())), contents(a));
      assert.equal(sum(a, b, c).count, a.count + b.count + c.count);
    }),
  );
});

test('each bucket holds what was put into it, in whatever order and however far apart', () => {
  const puts = fc.array(fc.tuple(fc.integer({ min: -400, max: 1000 }), fc.integer({ min: 1, max: 2 ** 40 })));
  fc.assert(
    fc.property(puts, (buckets) => {
      const histogram = new Histogram();
      const expected = new Map<number, number>();
      for (const [index, count] of buckets) {
        histogram.addBucket(index, count);
        expected.set(index, (expected.get(index) ?? 0) + count);
      }
      assert.deepEqual(
        histogram.sortedBuckets(),
        [...expected].toSorted(([a], [b]) => a - b),
      );
    }),
  );
});

test('what is added to one empty histogram is in no other, and nothing of a bucket is no bucket', () => {
  const [filled, empty, nothing] = [new Histogram(), new Histogram(), new Histogram()];
  filled.record(12);
  filled.record(900);
  filled.subtract(of([12, 900]));
  filled.record(5);
  nothing.addBucket(7, 0);
  assert.deepEqual(contents(filled), contents(of([5])));
  assert.ok(empty.isEmpty && nothing.isEmpty);
});

test('however values are cut into windows, their sum is the histogram of all of them', () => {
  fc.assert(
    fc.property(fc.array(latencies, { maxLength: 200 }), fc.integer({ min: 1, max: 9 }), (values, windows) => {
      const parts = Array.from({ length: windows }, (_, window) =>
        of(values.filter((__, i) => i % windows === window)),
      );
      assert.deepEqual(contents(sum(...parts)), contents(of(values)));
    }),
  );
});

test('every quantile of heavy-tailed values is within 1.1 % of the nearest rank', () => {
  const quantiles = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 300 }), quantiles, (values, quantile) => {
      const sorted = Float64Array.from(values).sort();
      const exact = sorted[Math.max(0, Math.ceil(quantile * values.length) - 1)] as number;
      const estimate = of(values).quantile(quantile) as number;
      if (exact < 0.001) assert.equal(estimate, 0);
      else assert.ok(Math.abs(estimate / exact - 1) <= 0.011, `${quantile}: ${estimate} for ${exact}`);
    }),
    { numRuns: 2000 },
  );
});

test('a quantile over nothing is null', () => {
  assert.equal(new Histogram().quantile(0.5), null);
});

test('what is encoded comes back, and encoded histograms add as histograms do', () => {
  fc.assert(
    fc.property(histograms, histograms, (a, b) => {
      assert.deepEqual(contents(decodeHistogram(encodeHistogram(a))), contents(a));
      const added = addEncoded(encodeHistogram(a), encodeHistogram(b));
      assert.deepEqual(contents(decodeHistogram(added)), contents(sum(a, b)));
    }),
  );
});

/** As what is added to a row that others add to and take back from: counts of either sign, wherever they lie. */
const changes = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.array(fc.tuple(fc.integer({ min: -2000, max: 2000 }), nonZero())))
  .map(([zeroCount, buckets]) => {
    const histogram = new Histogram();
    histogram.zeroCount = zeroCount;
    for (const [index, count] of buckets) histogram.addBucket(index, count);
    return histogram;
  });

function nonZero(): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: 300 }).chain((count) => fc.constantFrom(count, -count));
}

test('encoded histograms add to the very bytes of their sum, also where it is less than they are or nothing', () => {
  fc.assert(
    fc.property(changes, changes, fc.boolean(), (a, change, isTakenBack) => {
      const b = isTakenBack ? new Histogram() : change;
      if (isTakenBack) b.subtract(a);
      const added = addEncoded(encodeHistogram(a), encodeHistogram(b));
      assert.deepEqual([...added], [...encodeHistogram(sum(a, b))]);
    }),
  );
});

test('counts beyond 32 bits survive the codec', () => {
  const large = new Histogram();
  large.zeroCount = 2 ** 40;
  large.addBucket(-300, 2 ** 52);
  large.addBucket(900, 3);
  assert.deepEqual(contents(decodeHistogram(encodeHistogram(large))), contents(large));
});

test('bytes that end inside a number are refused', () => {
  const bytes = encodeHistogram(of([1, 1000]));
  assert.throws(() => addEncodedHistogram(new Histogram(), bytes.slice(0, -1)), RangeError);
});
