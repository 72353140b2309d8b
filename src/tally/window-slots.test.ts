import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TALLY_SLOT_COUNT, TALLY_SLOTS, USAGE_SLOT_COUNT, USAGE_SLOTS } from './window-slots.ts';

test('each sum has a slot of its own, without a gap, and there is a bit for each', () => {
  for (const [slots, count] of [
    [TALLY_SLOTS, TALLY_SLOT_COUNT],
    [USAGE_SLOTS, USAGE_SLOT_COUNT],
  ] as const) {
    const given = Object.values(slots).toSorted((a, b) => a - b);
    assert.deepEqual(given, [...Array.from({ length: count }).keys()]);
    assert.ok(count <= 31);
  }
});
