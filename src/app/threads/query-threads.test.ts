import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryThreads } from './query-threads.ts';

const QUESTION = { tenantId: 'acme', metricDimensions: [], limit: 1, cursor: null, asked: {} };
const ENDED = 'The query thread ended with code 1';
const STAYS = new AbortController().signal;

/** Threads whose answers come when the test gives them. */
async function open() {
  const started: {
    interrupts: Int32Array;
    isForLong: boolean;
    answers: ((text: string) => void)[];
    isStopped: boolean;
  }[] = [];
  const threads = await QueryThreads.open(async (parts) => {
    const thread = { ...parts, answers: [] as ((text: string) => void)[], isStopped: false };
    started.push(thread);
    return {
      call: <T>() =>
        new Promise<T>((resolve, reject) => {
          thread.answers.push((text) => {
            if (text === ENDED) reject(new Error(ENDED));
            else resolve(text as T);
          });
        }),
      stop: async () => {
        thread.isStopped = true;
      },
    };
  });
  const ask = (isLong: boolean, signal = STAYS) => threads.answer('dimensions', QUESTION, { isLong, signal });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { threads, started, ask, settle };
}

test('short questions share the first thread, and each long one has another to itself', async () => {
  const { threads, started, ask, settle } = await open();
  const long = [ask(true), ask(true), ask(true)];
  const short = [ask(false), ask(false)];
  await settle();
  assert.deepEqual(
    started.map(({ answers }) => answers.length),
    [2, 1, 1, 1],
  );
  assert.deepEqual(
    started.map(({ isForLong }) => isForLong),
    [false, true, true, true],
  );
  for (const { answers } of started) for (const answer of answers) answer('text');
  assert.deepEqual(await Promise.all([...long, ...short]), ['text', 'text', 'text', 'text', 'text']);
  void ask(true);
  await settle();
  assert.equal(started.length, 4, 'a thread that is free is used again');
  await threads.close();
  assert.ok(started.every(({ isStopped }) => isStopped));
});

test('a long question for which nobody waits any more is interrupted, and the next one in its thread is not', async () => {
  const { threads, started, ask, settle } = await open();
  const gone = new AbortController();
  const question = ask(true, gone.signal);
  await settle();
  gone.abort();
  const [, thread] = started;
  assert.equal(thread?.interrupts[0], 1);
  thread?.answers[0]?.('too late');
  await question;
  void ask(true);
  await settle();
  assert.equal(thread?.interrupts[0], 0);
  await threads.close();
});

test('one of several short questions is interrupted, and the others in its thread are not', async () => {
  const { threads, started, ask, settle } = await open();
  const gone = new AbortController();
  const questions = [ask(false), ask(false, gone.signal), ask(false)];
  await settle();
  gone.abort();
  const [thread] = started;
  assert.deepEqual([...(thread?.interrupts.slice(0, 3) ?? [])], [0, 1, 0]);
  for (const answer of thread?.answers ?? []) answer('text');
  await Promise.all(questions);
  assert.ok(
    thread?.interrupts.every((number) => number === 0),
    'who comes next in the same slot is not hit',
  );
  await threads.close();
});

test('a thread that ends is replaced, and a state that the next one calls the same is another state', async () => {
  const { threads, started, settle } = await open();
  const read = async (): Promise<string> => {
    const state = threads.readState();
    await settle();
    started.at(-1)?.answers.at(-1)?.({ id: '7 0', completeThroughMs: null } as never);
    return String((await state).id);
  };
  const before = await read();
  assert.equal(await read(), before);
  const failing = threads.checkHealth();
  await settle();
  started[0]?.answers.at(-1)?.(ENDED);
  await assert.rejects(failing);
  assert.notEqual(await read(), before);
  assert.equal(started.length, 2);
  await threads.close();
});
