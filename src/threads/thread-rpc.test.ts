import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallableThread } from './thread-rpc.ts';

/** A thread that says it is ready, and then fails. */
const FAILS_AT_ONCE = `
  import { parentPort } from 'node:worker_threads';
  parentPort.postMessage({ id: 0 });
  setImmediate(() => { throw new Error('no SQLite database'); });`;

/**
 * `up` listened for the failure of its processor when all else had started; until then it was lost, and nothing ended.
 */
test('a thread that failed before anybody listened for it is told to who listens later', async () => {
  const url = new URL(`data:text/javascript,${encodeURIComponent(FAILS_AT_ONCE)}`);
  const thread = await CallableThread.start(url, { name: 'test' });
  while (
    await thread.call('anything', null).then(
      () => true,
      ({ message }: Error) => message !== 'no SQLite database',
    )
  ) {
    await sleep(1);
  }
  const heard = new Promise<Error>((resolve) => thread.onFailure(resolve));
  const error = await Promise.race([heard, sleep(2000, null, { ref: true })]);
  assert.equal(error?.message, 'no SQLite database');
});
