import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invariant } from './invariant.ts';

test('a broken invariant throws with its rule, one that holds does nothing', () => {
  invariant(true, 'a window has a size');
  assert.throws(() => invariant(false, 'a window has a size'), /^Error: Broken invariant: a window has a size$/);
});
