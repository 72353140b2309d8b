import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberedItems } from './numbered-items.ts';

test('items are found by their numbers as in a map', () => {
  const step = fc.record({ number: fc.nat(30).map((n) => n * 1024), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const items = new NumberedItems<{ readonly number: number }>();
      const known = new Map<number, { readonly number: number }>();
      for (const { number, isAdded } of steps) {
        const item = known.get(number);
        if (isAdded && item === undefined) {
          const added = { number };
          items.add(added);
          known.set(number, added);
        } else if (!isAdded && item !== undefined) {
          items.delete(item);
          known.delete(number);
        }
        for (let each = 0; each <= 30; each++) assert.equal(items.find(each * 1024), known.get(each * 1024));
      }
    }),
  );
});
