import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backfillLine } from '../backfill/backfill-progress.ts';
import { timeLeft } from './time-left.ts';

test('the time left follows the pace so far, and is not guessed in the first second', () => {
  assert.equal(timeLeft({ elapsedMs: 500, done: 1, total: 100 }), '');
  assert.equal(timeLeft({ elapsedMs: 5000, done: 0, total: 100 }), '');
  assert.equal(timeLeft({ elapsedMs: 10_000, done: 50, total: 100 }), ', 10s left');
  assert.equal(timeLeft({ elapsedMs: 100_000, done: 1, total: 3 }), ', 3m 20s left');
  assert.equal(timeLeft({ elapsedMs: 3_600_000, done: 1, total: 6 }), ', 5h 0m left');
});

test("backfill's line fits 80 columns with its bar, however large the file", () => {
  const bytes = 98_765.4 * 1024 * 1024;
  const line = backfillLine({ bytes, size: 2 * bytes, events: 234_567_890, elapsedMs: 11_730_000 });
  assert.equal(line, '98,765.4 MiB (50 %), 234,567,890 events, 19,997/s, 3h 15m left');
  assert.ok(line.length + 11 <= 79, `${line.length}`);
  assert.equal(backfillLine({ bytes: 0, size: null, events: 0, elapsedMs: 1 }), '0.0 MiB, 0 events');
});
