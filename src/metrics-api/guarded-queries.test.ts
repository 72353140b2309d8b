import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../http/logger.ts';
import { Problem } from '../http/problem.ts';
import { MetricsStoreError } from '../metrics-store/metrics-store-error.ts';
import { GuardedQueries } from './guarded-queries.ts';
import type { MetricsQueries } from './metrics-queries.ts';

/** Queries that answer what `state.answer` says, and a logger that counts its lines. */
function guarded() {
  const state: { answer: () => Promise<string>; lines: string[] } = { answer: async () => '{}', lines: [] };
  const queries = { dimensions: () => state.answer() } as unknown as MetricsQueries;
  const logger = createLogger('test', 'silent');
  const note = (_: unknown, text?: string) => state.lines.push(text ?? String(_));
  Object.assign(logger, { warn: note, info: note, error: note });
  const guard = new GuardedQueries(queries, logger);
  return { state, ask: () => guard.dimensions({ tenantId: null }) };
}

test('while the store is away each question is a 503 with Retry-After, and the log has one line for all of them', async () => {
  const { state, ask } = guarded();
  state.answer = () => Promise.reject(new MetricsStoreError('unavailable', 'Postgres at db:5432: refused'));
  for (let i = 0; i < 3; i++) {
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof Problem);
      assert.deepEqual([error.status, error.retryAfterS], [503, 2]);
      assert.doesNotMatch(error.message, /db:5432/, 'where the store is concerns no client');
      return true;
    });
  }
  state.answer = async () => '{"back":true}';
  assert.equal(await ask(), '{"back":true}');
  assert.deepEqual(state.lines, ['The metrics store cannot be asked', 'The metrics store answers again']);
});

test('an error of the store that came from another thread is known by its name', async () => {
  const { state, ask } = guarded();
  state.answer = () => Promise.reject(Object.assign(new Error('busy'), { name: 'MetricsStoreError' }));
  await assert.rejects(ask(), { name: 'Problem', status: 503 });
});

test('a bug stays what it is', async () => {
  const { state, ask } = guarded();
  state.answer = () => Promise.reject(new TypeError('x is undefined'));
  await assert.rejects(ask(), TypeError);
});
