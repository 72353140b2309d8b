import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atMost } from './at-most.ts';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('work that ends or fails is waited for no longer, and leaves no timer behind', async () => {
  const before = timers();
  await atMost(3_600_000, Promise.resolve());
  await atMost(3_600_000, Promise.reject(new Error('away')));
  assert.equal(timers(), before);
});

test('work that does not end is left when the time is up', async () => {
  await atMost(1, new Promise(() => undefined));
});
