import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONG_AGO_MS, RepeatedReports } from './repeated-reports.ts';

test('a repetition has a place for a recall that begins after the first report of its span, and until itself', () => {
  const repeated = new RepeatedReports();
  repeated.add({ place: 7, loggedAtMs: 20 }, 10);
  repeated.add({ place: 8, loggedAtMs: 30 }, LONG_AGO_MS);
  assert.deepEqual(
    [10, 11, 20, 21, 30, 31].map((fromMs) => repeated.placesFrom(fromMs)),
    [[8], [7, 8], [7, 8], [8], [8], []],
  );
});

test('repetitions take memory until they are forgotten', () => {
  const repeated = new RepeatedReports();
  for (let at = 1; at <= 1000; at++) {
    repeated.add({ place: at, loggedAtMs: at }, 0);
    repeated.forgetBefore(at - 10);
    assert.equal(repeated.size, Math.min(at, 11));
    assert.equal(repeated.placesFrom(1).length, repeated.size);
  }
});
