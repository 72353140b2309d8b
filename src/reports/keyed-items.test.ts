import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Chain } from './chain.ts';
import { KeyedItems } from './keyed-items.ts';

interface Item {
  readonly key: string;
  readonly hash: number;
  before: Item | null;
  after: Item | null;
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const steps = fc.array(fc.record({ key: fc.constantFrom(...KEYS), isAdded: fc.boolean() }), { maxLength: 100 });

test('items are found by their keys as in a map, also where hashes are alike', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 3 }), (taken, hashCount) => {
      const items = new KeyedItems<Item>();
      const known = new Map<string, Item>();
      const hashOf = (key: string): number => key.charCodeAt(0) % hashCount;
      for (const { key, isAdded } of taken) {
        const item = known.get(key);
        if (isAdded && item === undefined) {
          const added = { key, hash: hashOf(key), before: null, after: null };
          items.add(added);
          known.set(key, added);
        } else if (!isAdded) {
          items.delete(item ?? { key, hash: hashOf(key), before: null, after: null });
          known.delete(key);
        }
      }
      for (const key of KEYS) assert.equal(items.find(key, hashOf(key)), known.get(key));
      assert.deepEqual(new Set(items), new Set(known.values()));
    }),
  );
});

test('a chain is in the order in which its items came, and one that left points nowhere', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const chain = new Chain<Item>();
      const known = new Map<string, Item>();
      for (const { key, isAdded } of taken) {
        const item = known.get(key) ?? { key, hash: 0, before: null, after: null };
        // Removed first, whether it is there or not: then it comes last.
        chain.remove(item);
        known.delete(key);
        assert.ok(item.before === null && item.after === null);
        if (!isAdded) continue;
        chain.append(item);
        known.set(key, item);
      }
      assert.deepEqual([...chain], [...known.values()]);
      assert.equal(chain.first, [...known.values()][0] ?? null);
    }),
  );
});
