import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOwnTime } from './own-time.ts';

test('who does not answer is told from a thread that was busy itself', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const never = inOwnTime('the store', new Promise<never>(() => undefined), 1000);
  for (let i = 0; i < 10; i++) t.mock.timers.tick(100);
  await assert.rejects(never, { message: 'the store: no answer within 1000 ms' });
});

test('an answer that came while the thread was busy is in time', async () => {
  const answer = sleep(10, 'here');
  const asked = inOwnTime('the store', answer, 200);
  const untilMs = performance.now() + 500;
  while (performance.now() < untilMs) continue;
  assert.equal(await asked, 'here');
});

test('what the answer throws comes through', async () => {
  await assert.rejects(inOwnTime('the store', Promise.reject(new Error('gone')), 1000), { message: 'gone' });
});
