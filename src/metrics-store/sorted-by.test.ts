import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sortedBy } from './sorted-by.ts';

test('places come in the order of their keys, and among equal keys as they were', () => {
  const key = fc.oneof(fc.nat(3), fc.nat(5_000), fc.nat(2 ** 31 - 1));
  const large = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 45 }));
  fc.assert(
    fc.property(fc.oneof(fc.array(key), fc.array(large)), fc.infiniteStream(fc.nat()), (keys, random) => {
      const places = Array.from(keys.keys(), (place) => ({ place, at: random.next().value ?? 0 }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ place }) => place);
      const expected = places.toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      assert.deepEqual([...sortedBy(keys, Int32Array.from(places))], expected);
    }),
  );
});
