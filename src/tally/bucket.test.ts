import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bucketIndex, bucketLowerBound, bucketValue } from './bucket.ts';

interface Mapping {
  mapToIndex(value: number): number;
  lowerBoundary(index: number): number;
}

/** The SDK's own arithmetic, which it does not export. */
const MAPPING = 'dist/aggregator/exponential-histogram/mapping/getMapping.mjs';
const sdk = new URL('..', import.meta.resolve('@opentelemetry/sdk-metrics'));
const { getMapping } = (await import(new URL(MAPPING, sdk).href)) as { getMapping: (scale: number) => Mapping };
const openTelemetry = getMapping(5);

/** From a microsecond to thirty days in ms, evenly over the orders of magnitude. */
const durations = fc.double({ min: -3, max: 9.4, noNaN: true }).map((power) => 10 ** power);

test('a value is in the bucket where the OpenTelemetry SDK puts it at scale 5', () => {
  fc.assert(
    fc.property(durations, (value) => {
      assert.equal(bucketIndex(value), openTelemetry.mapToIndex(value));
    }),
    { numRuns: 20_000 },
  );
});

test('a power of two is in the bucket that it bounds from above, as in OpenTelemetry', () => {
  for (let power = -10; power <= 32; power++) {
    assert.equal(bucketIndex(2 ** power), openTelemetry.mapToIndex(2 ** power));
    assert.equal(bucketIndex(2 ** power), power * 32 - 1);
  }
});

test('the bounds of a bucket are those of OpenTelemetry', () => {
  for (let index = -320; index <= 1000; index++) {
    const theirs = openTelemetry.lowerBoundary(index);
    assert.ok(Math.abs(bucketLowerBound(index) / theirs - 1) < 1e-12, `bucket ${index}`);
  }
});

test('the value that stands for a bucket is within 1.1 % of everything in it', () => {
  fc.assert(
    fc.property(durations, (value) => {
      const error = Math.abs(bucketValue(bucketIndex(value)) / value - 1);
      assert.ok(error <= 0.011, `${value}: ${error}`);
    }),
    { numRuns: 5000 },
  );
});
