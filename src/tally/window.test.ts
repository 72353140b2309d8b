import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coarsestResolutionMs, DAY_MS, HOUR_MS, MINUTE_MS, RESOLUTIONS_MS, windowStartMs } from './window.ts';

const instants = fc.integer({ min: 0, max: Date.UTC(2199, 11, 31) });
const sizes = fc.constantFrom(...RESOLUTIONS_MS, 5 * MINUTE_MS, 15 * MINUTE_MS);

test('an instant lies in exactly one window of each size, and windows begin at multiples of it', () => {
  fc.assert(
    fc.property(instants, sizes, (atMs, sizeMs) => {
      const startMs = windowStartMs(atMs, sizeMs);
      assert.ok(startMs <= atMs && atMs < startMs + sizeMs);
      assert.equal(startMs % sizeMs, 0);
      assert.equal(windowStartMs(startMs, sizeMs), startMs);
    }),
  );
});

test('the hour of an instant is the hour of its minute, and its day the day of its hour', () => {
  fc.assert(
    fc.property(instants, (atMs) => {
      const minuteMs = windowStartMs(atMs, MINUTE_MS);
      assert.equal(windowStartMs(minuteMs, HOUR_MS), windowStartMs(atMs, HOUR_MS));
      assert.equal(windowStartMs(windowStartMs(atMs, HOUR_MS), DAY_MS), windowStartMs(atMs, DAY_MS));
    }),
  );
});

test('an event on the boundary opens the next window', () => {
  assert.equal(windowStartMs(59_999, MINUTE_MS), 0);
  assert.equal(windowStartMs(60_000, MINUTE_MS), 60_000);
});

test('days begin at midnight UTC', () => {
  assert.equal(
    new Date(windowStartMs(Date.UTC(2025, 10, 19, 23, 59), DAY_MS)).toISOString(),
    '2025-11-19T00:00:00.000Z',
  );
});

test('a step is served by the coarsest resolution that divides it', () => {
  assert.deepEqual([MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, DAY_MS, 7 * DAY_MS].map(coarsestResolutionMs), [
    MINUTE_MS,
    5 * MINUTE_MS,
    HOUR_MS,
    HOUR_MS,
    DAY_MS,
    DAY_MS,
  ]);
});
