import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeBell } from '../../src/dashboard/change-bell.ts';
import { hasEnded } from './has-ended.ts';

test('the earliest change since the last look is told, once', () => {
  const bell = new ChangeBell();
  for (const atMs of [50, 20, 90]) bell.ring(atMs);
  assert.deepEqual([bell.takeChangedFromMs(), bell.takeChangedFromMs()], [20, Number.POSITIVE_INFINITY]);
});

test('who waits is woken by the next ring', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const bell = new ChangeBell();
  const waiting = bell.wait(1_000, new AbortController().signal);
  assert.equal(await hasEnded(waiting), false);
  bell.ring(5);
  assert.equal(await hasEnded(waiting), true);
});

test('a ring that nobody has looked at yet ends a wait at once, one that was taken does not', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const bell = new ChangeBell();
  bell.ring(5);
  const { signal } = new AbortController();
  assert.equal(await hasEnded(bell.wait(1_000, signal)), true);
  bell.takeChangedFromMs();
  assert.equal(await hasEnded(bell.wait(1_000, signal)), false);
});

test('a wait ends after its time, and when its signal aborts', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const bell = new ChangeBell();
  const stop = new AbortController();
  const timed = bell.wait(1_000, stop.signal);
  context.mock.timers.tick(999);
  assert.equal(await hasEnded(timed), false);
  context.mock.timers.tick(1);
  assert.equal(await hasEnded(timed), true);
  const stopped = bell.wait(1_000, stop.signal);
  stop.abort();
  assert.equal(await hasEnded(stopped), true);
  assert.equal(await hasEnded(bell.wait(1_000, stop.signal)), true);
});
