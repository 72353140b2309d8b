import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from '../../src/dashboard/backoff.ts';

test('waits double up to five seconds, so that a server that was only started again is found at once', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 1000].map((failures) => backoffMs(failures, 0.5)),
    [1000, 2000, 4000, 5000, 5000, 5000, 5000],
  );
});

test('readers spread by a quarter to either side', () => {
  assert.deepEqual([backoffMs(1, 0), backoffMs(1, 1)], [750, 1250]);
});
