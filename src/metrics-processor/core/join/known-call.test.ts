import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SERIES } from '../../../tally/series.ts';
import { isInReach } from './known-call.ts';

const CALL = { series: NO_SERIES, firstSeenMs: 10_000, lastSeenMs: 20_000 };
const OPTIONS = { joinTimeoutMs: 1_000, dedupHorizonMs: 3_000 };

test('a call is in reach from the timeout before its first request to the horizon after its last', () => {
  const reached = [8_999, 9_000, 15_000, 23_000, 23_001].map((atMs) => isInReach(CALL, atMs, OPTIONS));
  assert.deepEqual(reached, [false, true, true, true, false]);
});
