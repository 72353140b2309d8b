import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberColumn } from './number-column.ts';

test('a column tells of each number what was set last, and of all others the same', () => {
  const value = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const steps = fc.array(fc.tuple(fc.nat(20_000), value), { maxLength: 100 });
  fc.assert(
    fc.property(steps, value, fc.array(fc.nat(40_000)), (taken, otherwise, asked) => {
      const column = new NumberColumn(otherwise);
      const known = new Map(taken);
      for (const [number, each] of taken) column.set(number, each);
      for (const number of [...known.keys(), ...asked]) {
        assert.equal(column.at(number), known.get(number) ?? otherwise);
        assert.ok(number < column.length || !known.has(number));
      }
    }),
  );
});
