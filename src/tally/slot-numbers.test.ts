import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTallyNumbers, addUsageNumbers, setTallyNumbers, setUsageNumbers } from './slot-numbers.ts';
import { TALLY_MAXIMA, TALLY_SUMS, Tally } from './tally.ts';
import { USAGE_SUMS, Usage } from './usage.ts';
import { TALLY_SLOT_COUNT, TALLY_SLOTS, USAGE_SLOT_COUNT, USAGE_SLOTS } from './window-slots.ts';

test('each number of the tables goes to its slot and is added from there, and none else', () => {
  const [tally, numbers, read] = [new Tally(), new Float64Array(TALLY_SLOT_COUNT), new Tally()];
  const fields = [...TALLY_SUMS, ...TALLY_MAXIMA];
  for (const [index, field] of fields.entries()) tally[field] = index + 1;
  setTallyNumbers(numbers, tally);
  for (const field of fields) assert.equal(numbers[TALLY_SLOTS[field]], tally[field], field);
  assert.equal(numbers.filter((value) => value !== 0).length, fields.length);
  for (let times = 1; times <= 2; times++) {
    addTallyNumbers(read, numbers);
    for (const field of TALLY_SUMS) assert.equal(read[field], times * tally[field], field);
    for (const field of TALLY_MAXIMA) assert.equal(read[field], tally[field], field);
  }
});

test('and so it is with usage', () => {
  const [usage, numbers, read] = [new Usage(), new Float64Array(USAGE_SLOT_COUNT), new Usage()];
  for (const [index, field] of USAGE_SUMS.entries()) usage[field] = index + 1;
  setUsageNumbers(numbers, usage);
  for (const field of USAGE_SUMS) assert.equal(numbers[USAGE_SLOTS[field]], usage[field], field);
  assert.equal(numbers.filter((value) => value !== 0).length, USAGE_SUMS.length);
  for (let times = 1; times <= 2; times++) {
    addUsageNumbers(read, numbers);
    for (const field of USAGE_SUMS) assert.equal(read[field], times * usage[field], field);
  }
});
