import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentMap } from './recent-map.ts';

test('a flood of new keys never makes the map hold more than twice its limit', () => {
  const map = new RecentMap<number>(100);
  for (let i = 0; i < 10_000; i++) {
    map.set(`outer ${i % 7}`, `inner ${i}`, i);
    assert.ok(map.size <= 200);
  }
});

test('a key that is asked for survives a flood of others', () => {
  const map = new RecentMap<string>(10);
  map.set('openai', 'gpt-4o', 'kept');
  for (let i = 0; i < 1000; i++) {
    map.set('flood', `${i}`, 'other');
    assert.equal(map.get('openai', 'gpt-4o'), 'kept');
  }
});

test('a key that nobody asked for while twice the limit came is forgotten', () => {
  const map = new RecentMap<string>(10);
  map.set('openai', 'gpt-4o', 'kept');
  for (let i = 0; i < 30; i++) map.set('flood', `${i}`, 'other');
  assert.equal(map.get('openai', 'gpt-4o'), undefined);
});

test('the two halves of a key do not run together', () => {
  const map = new RecentMap<number>(10);
  map.set('a', 'bc', 1);
  map.set('ab', 'c', 2);
  assert.equal(map.get('a', 'bc'), 1);
  assert.equal(map.get('ab', 'c'), 2);
});
