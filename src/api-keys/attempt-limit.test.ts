import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import { AttemptLimit } from './attempt-limit.ts';

function waitOf(limit: AttemptLimit, name: string): number {
  try {
    limit.admit(name);
    return 0;
  } catch (error) {
    assert.ok(error instanceof Problem && error.status === 429);
    return error.retryAfterS ?? 0;
  }
}

test('ten attempts may fail, then one in six seconds', () => {
  let nowMs = 0;
  const limit = new AttemptLimit(() => nowMs);
  for (let i = 0; i < 10; i++) {
    assert.equal(waitOf(limit, 'a'), 0, `attempt ${i}`);
    limit.failed('a');
  }
  assert.equal(waitOf(limit, 'a'), 6);
  assert.equal(waitOf(limit, 'b'), 0);
  nowMs = 6_000;
  assert.equal(waitOf(limit, 'a'), 0);
  limit.failed('a');
  assert.equal(waitOf(limit, 'a'), 6);
});

test('who failed is remembered, but not without bound', () => {
  const limit = new AttemptLimit(() => 0);
  for (let i = 0; i < 10; i++) limit.failed('first');
  for (let i = 0; i < 10_000; i++) limit.failed(`n${i}`);
  assert.equal(waitOf(limit, 'first'), 0);
});
