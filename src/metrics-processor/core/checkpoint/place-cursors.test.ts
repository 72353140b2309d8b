import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeOf } from '../join/lane.ts';
import { PlaceCursors } from './place-cursors.ts';

const LANES = 3;
const lane = fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 20 }).map((offsets) => offsets.sort((a, b) => a - b));

test('asked in the order of each lane, they are what a set of the places is, whichever lane comes first', () => {
  const asked = fc.array(fc.record({ lane: fc.nat({ max: LANES - 1 }), steps: fc.nat({ max: 3 }) }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(lane, { minLength: LANES, maxLength: LANES }), asked, (lanes, questions) => {
      const places = lanes.flatMap((offsets, number) => offsets.map((offset) => placeOf(number, offset)));
      const [cursors, set] = [new PlaceCursors(places), new Set(places)];
      const offsets = Array.from({ length: LANES }, () => 0);
      for (const { lane: number, steps } of questions) {
        const offset = (offsets[number] ?? 0) + steps;
        offsets[number] = offset;
        const place = placeOf(number, offset);
        assert.equal(cursors.has(place), set.has(place));
        assert.equal(cursors.has(place), set.has(place), 'asked twice');
      }
    }),
  );
});
