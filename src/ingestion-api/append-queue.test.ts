import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EventLog, NewRecord } from '../event-log/event-log.ts';
import { StorageError } from '../storage/storage-error.ts';
import { AppendQueue, type AppendQueueOptions } from './append-queue.ts';

interface Append {
  readonly keys: readonly string[];
  readonly succeed: () => void;
  readonly fail: (error: Error) => void;
}

/** A log whose appends the test answers, and a clock that the test turns on. */
function aQueue(more: Partial<AppendQueueOptions> = {}) {
  const appends: Append[] = [];
  const timers = new Set<() => void>();
  const log = {
    append: (appended: readonly NewRecord[]) =>
      new Promise<void>((resolve, reject) => {
        appends.push({ keys: appended.map(({ key }) => key), succeed: resolve, fail: reject });
      }),
  };
  const after = (_: number, action: () => void) => {
    timers.add(action);
    return () => void timers.delete(action);
  };
  const options: AppendQueueOptions = {
    queueBytesMax: 1000,
    appendBytesMax: 100,
    appendsInFlightMax: 1,
    appendTimeoutMs: 5000,
    timing: { nowMs: () => 0, soon: queueMicrotask, after },
    ...more,
  };
  const failures: StorageError[] = [];
  const events = { appended() {}, failed: (error: StorageError) => void failures.push(error) };
  return { queue: new AppendQueue(log as unknown as EventLog, options, events), appends, timers, failures };
}

function records(...keys: readonly string[]): NewRecord[] {
  return keys.map((key) => ({ topic: 'llm.requests', key, value: Buffer.alloc(10 - key.length) }));
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test('what arrives together goes into one append, and what arrives meanwhile into the next', async () => {
  const { queue, appends } = aQueue();
  const together = [queue.add(records('a')), queue.add(records('b', 'c'))];
  await turn();
  const meanwhile = [queue.add(records('d')), queue.add(records('e'))];
  await turn();
  assert.deepEqual(
    appends.map(({ keys }) => keys),
    [['a', 'b', 'c']],
  );
  appends[0]?.succeed();
  await Promise.all(together);
  await turn();
  assert.deepEqual(appends[1]?.keys, ['d', 'e']);
  appends[1]?.succeed();
  await Promise.all(meanwhile);
  assert.equal(queue.bytes, 0);
});

test('nobody is answered before the append of their records is', async () => {
  const { queue, appends } = aQueue();
  let isAnswered = false;
  const added = queue.add(records('a')).then(() => (isAnswered = true));
  await turn();
  assert.equal(isAnswered, false);
  appends[0]?.succeed();
  await added;
});

test('a full queue refuses, and takes again once there is room', async () => {
  const { queue, appends } = aQueue({ queueBytesMax: 20 });
  const held = queue.add(records('a', 'b'));
  await assert.rejects(queue.add(records('c')), (error) => (error as StorageError).code === 'full');
  await turn();
  appends[0]?.succeed();
  await held;
  await turn();
  const taken = queue.add(records('d'));
  await turn();
  appends[1]?.succeed();
  await taken;
});

test('a batch larger than the queue is taken when nothing else waits', async () => {
  const { queue, appends } = aQueue({ queueBytesMax: 5 });
  const added = queue.add(records('a'));
  await turn();
  appends[0]?.succeed();
  await added;
});

test('an append that gives no answer in time fails as unavailable and makes room for the next', async () => {
  const { queue, appends, timers, failures } = aQueue();
  const slow = queue.add(records('a'));
  await turn();
  const next = queue.add(records('b'));
  for (const expire of timers) expire();
  await assert.rejects(slow, (error) => (error as StorageError).code === 'unavailable');
  await turn();
  assert.deepEqual(appends[1]?.keys, ['b']);
  appends[1]?.succeed();
  await next;
  // It comes too late, whatever it says, and must not end the process.
  appends[0]?.fail(new Error('broken'));
  await turn();
  assert.deepEqual([failures.length, queue.bytes, timers.size], [1, 0, 0]);
});

test('a foreign error reaches the sender as unavailable with its cause', async () => {
  const { queue, appends } = aQueue();
  const added = queue.add(records('a'));
  await turn();
  const cause = new TypeError('no');
  appends[0]?.fail(cause);
  await assert.rejects(added, (error) => {
    const { code, cause: theirs } = error as StorageError;
    return code === 'unavailable' && theirs === cause;
  });
});

test('idle resolves when nothing waits and nothing is under way', async () => {
  const { queue, appends } = aQueue();
  await queue.idle();
  const added = queue.add(records('a'));
  let isIdle = false;
  const idle = queue.idle().then(() => (isIdle = true));
  await turn();
  assert.equal(isIdle, false);
  appends[0]?.succeed();
  await Promise.all([added, idle]);
});

test('every record is appended once and in the order of its sender, in groups within their bound', async () => {
  const sendings = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sendings, fc.integer({ min: 1, max: 3 }), async (sizes, appendsInFlightMax) => {
      const { queue, appends } = aQueue({ queueBytesMax: 1_000_000, appendsInFlightMax });
      let number = 0;
      const added = sizes.map((size) => queue.add(records(...Array.from({ length: size }, () => `${number++}`))));
      let answered = 0;
      for (let isDone = false; !isDone; ) {
        await turn();
        assert.ok(appends.length - answered <= appendsInFlightMax);
        isDone = answered === appends.length;
        for (; answered < appends.length; answered++) appends[answered]?.succeed();
      }
      await Promise.all(added);
      const keys = appends.flatMap((append) => append.keys);
      assert.deepEqual(
        keys,
        Array.from({ length: number }, (_, i) => `${i}`),
      );
      // A group closes once it is full, so it is at most one sending over.
      assert.ok(appends.every((append) => append.keys.length * 10 < 100 + 40));
    }),
    { numRuns: 100 },
  );
});
