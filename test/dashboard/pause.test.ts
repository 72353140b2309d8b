import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, untilVisible } from '../../src/dashboard/pause.ts';
import { hasEnded } from './has-ended.ts';
import { withGlobals } from './page-globals.ts';

test('a pause ends after its time, not before', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const paused = pause(100, new AbortController().signal);
  context.mock.timers.tick(99);
  assert.equal(await hasEnded(paused), false);
  context.mock.timers.tick(1);
  assert.equal(await hasEnded(paused), true);
});

test('a pause ends when its signal aborts, also if it has before', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const stop = new AbortController();
  const paused = pause(100, stop.signal);
  assert.equal(await hasEnded(paused), false);
  stop.abort();
  assert.equal(await hasEnded(paused), true);
  assert.equal(await hasEnded(pause(100, stop.signal)), true);
});

test('a hidden page waits until somebody looks, or nobody wants it any longer', async () => {
  const document = Object.assign(new EventTarget(), { hidden: true });
  await withGlobals({ document }, async () => {
    const seen = untilVisible(new AbortController().signal);
    document.dispatchEvent(new Event('visibilitychange'));
    assert.equal(await hasEnded(seen), false);
    document.hidden = false;
    document.dispatchEvent(new Event('visibilitychange'));
    assert.equal(await hasEnded(seen), true);
    assert.equal(await hasEnded(untilVisible(new AbortController().signal)), true);
    document.hidden = true;
    const stop = new AbortController();
    const unwanted = untilVisible(stop.signal);
    assert.equal(await hasEnded(unwanted), false);
    stop.abort();
    assert.equal(await hasEnded(unwanted), true);
  });
});
