import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import { Draining } from './draining.ts';
import { addHealthRoutes, type Dependency } from './health-routes.ts';

/** Asks `/ready` and lets so much time pass while it waits. */
async function readiness(t: TestContext, dependency: Dependency, { afterMs }: { afterMs: number }) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = Fastify();
  addHealthRoutes(server, { dependencies: [dependency], sources: [], draining: new Draining() });
  await server.ready();
  const asked = server.inject('/ready');
  for (let i = 0; i < 10; i++) await turn();
  t.mock.timers.tick(afterMs);
  const { statusCode, body } = await asked;
  return { statusCode, body };
}

const never = () => new Promise<never>(() => undefined);

test('a thread of this process that is busy is ready, and says so within the second that probes wait', async (t) => {
  const { statusCode, body } = await readiness(t, { name: 'thread', check: never, silence: 'busy' }, { afterMs: 500 });
  assert.equal(statusCode, 200);
  assert.match(body, /^thread: ok, busy for \d+ s\n$/);
});

test('somebody else who does not answer is away', async (t) => {
  const { statusCode, body } = await readiness(t, { name: 'broker', check: never }, { afterMs: 2000 });
  assert.equal(statusCode, 503);
  assert.match(body, /^broker: no answer within \d+ ms\n$/);
});

test('a thread that has said nothing for a quarter of an hour is stuck, which a restart mends', async (t) => {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => (nowMs += 16 * 60_000));
  const { statusCode } = await readiness(t, { name: 'thread', check: never, silence: 'busy' }, { afterMs: 500 });
  assert.equal(statusCode, 503);
});

test('who failed the last time and says nothing now is not taken for busy', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers = [Promise.reject(new Error('the store is away')), never()];
  const dependency: Dependency = { name: 'thread', check: () => answers.shift() ?? never(), silence: 'busy' };
  const server = Fastify();
  addHealthRoutes(server, { dependencies: [dependency], sources: [], draining: new Draining() });
  assert.equal((await server.inject('/ready')).statusCode, 503);
  const asked = server.inject('/ready');
  for (let i = 0; i < 10; i++) await turn();
  t.mock.timers.tick(500);
  assert.equal((await asked).body, 'thread: the store is away\n');
});

test('what a check throws is shown in one line', async (t) => {
  const check = () => Promise.reject(new Error('no such\nhost'));
  const { statusCode, body } = await readiness(t, { name: 'store', check, silence: 'busy' }, { afterMs: 0 });
  assert.deepEqual({ statusCode, body }, { statusCode: 503, body: 'store: no such host\n' });
});
