import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api, StreamRequest } from '../../src/dashboard/api.ts';
import { followChanges } from '../../src/dashboard/follow-changes.ts';
import { withGlobals } from './page-globals.ts';

type Stream = readonly (string | Uint8Array)[] | 'fails' | 'is silent';

/** Follows streams one after the other, without waiting between them, until there are none left. */
async function follow(context: { mock: typeof import('node:test').mock }, ...streams: readonly Stream[]) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const stop = new AbortController();
  const said: (number | string)[] = [];
  const asked: StreamRequest[] = [];
  const api: Api = {
    get: () => Promise.reject(new Error('nobody asks')),
    async stream(path, request) {
      assert.equal(path, '/v1/metrics/stream');
      asked.push(request);
      const stream = streams[asked.length - 1];
      if (stream === undefined) stop.abort();
      if (stream === undefined || stream === 'fails') throw new Error('no stream');
      return new ReadableStream<Uint8Array>({
        start(controller) {
          request.signal.addEventListener('abort', () => controller.error(request.signal.reason));
          if (stream === 'is silent') return;
          for (const piece of stream) controller.enqueue(typeof piece === 'string' ? Buffer.from(piece) : piece);
          controller.close();
        },
      });
    },
  };
  const follower = {
    onChange: (fromMs: number) => said.push(fromMs),
    onConnected: (isConnected: boolean) => said.push(isConnected ? 'connected' : 'broken'),
  };
  await withGlobals({ document: { hidden: false } }, async () => {
    const progress = { isOver: false };
    const following = followChanges(api, { tenant: 'acme', route: 'chat', model: null }, follower, stop.signal).finally(
      () => {
        progress.isOver = true;
      },
    );
    // Each turn lets go on what waits for a timer; a silent stream is given up after forty of these seconds.
    for (let turn = 0; !progress.isOver && turn < 1_000; turn++) {
      context.mock.timers.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await following;
  });
  return { said, asked };
}

const START = '2026-11-29T10:00:00Z';
const change = (id: number): string => `id: ${id}\ndata: {"window_start":"${START}"}\n\n`;

test('a stream that begins may have missed anything, then each row says what changed', async (context) => {
  const { said, asked } = await follow(context, [change(1)]);
  assert.deepEqual(said.slice(0, 3), ['connected', 0, Date.parse(START)]);
  assert.deepEqual(asked[0]?.parameters, { tenant_id: 'acme', route: 'chat', model: null, rows: 'false' });
});

test('a stream that broke off is resumed behind the last event that was heard', async (context) => {
  const { asked } = await follow(context, [change(1), change(2)], ['data: {}\n\n'], 'fails');
  assert.deepEqual(
    asked.map(({ lastEventId }) => lastEventId),
    [null, '2', '2', '2'],
  );
});

test('the first failure says that anything may have changed, the next ones leave that to who asks', async (context) => {
  const { said } = await follow(context, 'fails', 'fails', []);
  assert.deepEqual(said, ['broken', 0, 'broken', 'connected', 0, 'broken', 0]);
});

test('a stream that is silent for too long is dead', async (context) => {
  const { said } = await follow(context, 'is silent');
  assert.deepEqual(said, ['connected', 0, 'broken', 0]);
});

test('what an event says in another way means that anything may have changed', async (context) => {
  const { said } = await follow(context, ['data: no JSON\n\n', 'data: {"window_start":"soon"}\n\n']);
  assert.deepEqual(said.slice(2, 4), [0, 0]);
});

test('a character that is cut in two by the network is whole again', async (context) => {
  const bytes = Buffer.from(`data: {"é":1,"window_start":"${START}"}\n\n`);
  const cut = bytes.indexOf(0xc3) + 1;
  const { said } = await follow(context, [bytes.subarray(0, cut), bytes.subarray(cut)]);
  assert.equal(said[2], Date.parse(START));
});
