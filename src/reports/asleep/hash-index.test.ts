import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HashIndex } from './hash-index.ts';

const byValue = (a: number, b: number): number => a - b;

test('an index knows of each hash what was added and not deleted', () => {
  const steps = fc.record({ hash: fc.integer({ min: -6, max: 6 }), value: fc.nat(3), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 200 }), (taken) => {
      const index = new HashIndex();
      const known = new Map<number, number[]>();
      for (const { hash, value, isAdded } of taken) {
        const values = known.get(hash) ?? [];
        known.set(hash, values);
        if (isAdded) {
          index.add(hash, value);
          values.push(value);
        } else {
          index.delete(hash, value);
          if (values.includes(value)) values.splice(values.indexOf(value), 1);
        }
      }
      for (const [hash, values] of known) assert.deepEqual(index.of(hash).toSorted(byValue), values.toSorted(byValue));
    }),
  );
});

test('an index that grows loses nothing', () => {
  const index = new HashIndex();
  for (let i = 0; i < 20_000; i++) index.add(i * 7919, i);
  for (let i = 0; i < 20_000; i += 2) index.delete(i * 7919, i);
  for (let i = 0; i < 20_000; i++) assert.deepEqual(index.of(i * 7919), i % 2 === 0 ? [] : [i]);
});
