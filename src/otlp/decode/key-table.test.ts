import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyTable } from './key-table.ts';

function find(table: KeyTable, key: string) {
  const bytes = Buffer.from(key);
  return table.find(bytes, 0, bytes.length);
}

test('a key is learnt once and found again as the same string', () => {
  let asked = 0;
  const table = new KeyTable(() => {
    asked += 1;
    return 'keep';
  }, ['seed']);
  assert.deepEqual([find(table, 'seed').name, find(table, 'a').name, find(table, 'a').use], ['seed', 'a', 'keep']);
  assert.equal(asked, 2);
});

test('ten thousand made-up keys are served too, and the known ones stay known', () => {
  const table = new KeyTable((key) => (key === 'known' ? 'keep' : 'drop'), ['known']);
  for (let i = 0; i < 10_000; i++) assert.equal(find(table, `key-${i}`).use, 'drop');
  assert.deepEqual([find(table, 'known').name, find(table, 'known').use], ['known', 'keep']);
});

test('a key of more than 256 bytes is dropped', () => {
  assert.equal(find(new KeyTable(() => 'keep', []), 'k'.repeat(257)).use, 'drop');
});
