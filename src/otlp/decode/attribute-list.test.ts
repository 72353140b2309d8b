import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttributeList } from './attribute-list.ts';

test('a list behaves like a Map, whether it has few keys or so many that it is indexed', () => {
  for (const count of [0, 1, 32, 33, 500]) {
    const list = new AttributeList();
    const map = new Map<string, number>();
    for (let i = 0; i < 2 * count; i++) {
      // Every key comes twice, and the second value counts.
      const key = `key.${(i * 7) % count}`;
      list.set(key, i);
      map.set(key, i);
    }
    assert.deepEqual([list.keys, list.values], [[...map.keys()], [...map.values()]], String(count));
    assert.equal(list.size, map.size);
    for (const key of [...map.keys(), 'absent']) {
      assert.equal(list.get(key), map.get(key));
      assert.equal(list.has(key), map.has(key));
    }
  }
});
