import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import { limitStream } from './stream-life.ts';

/** A stream whose key is judged by `judge`, on a clock that is told to go on. */
function aStream(t: import('node:test').TestContext, judge: (() => void) | null) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let ends = 0;
  const stop = limitStream({
    headers: {},
    checkReader: judge === null ? null : async () => judge(),
    end: () => ends++,
  });
  t.after(stop);
  const pass = async (ms: number) => {
    t.mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { pass, ends: () => ends, stop };
}

test('a stream ends when its key is revoked or gone, and not while it holds', async (t) => {
  for (const status of [401, 403] as const) {
    let isRevoked = false;
    const { pass, ends, stop } = aStream(t, () => {
      if (isRevoked) throw new Problem(status, 'no');
    });
    await pass(1000);
    assert.equal(ends(), 0);
    isRevoked = true;
    await pass(1000);
    assert.equal(ends(), 1);
    stop();
    t.mock.timers.reset();
  }
});

test('a stream goes on while keys cannot be looked up', async (t) => {
  const { pass, ends } = aStream(t, () => {
    throw new Problem(503, 'away', { retryAfterS: 2 });
  });
  await pass(5000);
  assert.equal(ends(), 0);
});

test('a stream ends after an hour, and one that was stopped looks no more', async (t) => {
  const { pass, ends } = aStream(t, null);
  await pass(3_599_999);
  assert.equal(ends(), 0);
  await pass(1);
  assert.equal(ends(), 1);
});
