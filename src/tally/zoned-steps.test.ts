import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fixedSteps, oneStep, type Steps, type TimeRange } from './steps.ts';
import { TimeZone } from './time-zone.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './window.ts';
import { zonedSteps } from './zoned-steps.ts';

const at = (text: string): number => Date.parse(text);
const hours = ({ fromMs, toMs }: TimeRange): number => (toMs - fromMs) / HOUR_MS;
const dayOf = (zone: string, text: string): TimeRange => zonedSteps(new TimeZone(zone), DAY_MS).at(at(text));

test('a local day lasts from midnight to midnight, 23 or 25 hours when the clocks change', () => {
  const back = dayOf('America/New_York', '2026-11-01T12:00:00Z');
  assert.deepEqual(back, { fromMs: at('2026-11-01T04:00:00Z'), toMs: at('2026-11-02T05:00:00Z') });
  assert.equal(hours(dayOf('America/New_York', '2026-03-08T12:00:00Z')), 23);
  assert.equal(hours(dayOf('Europe/Berlin', '2026-10-25T12:00:00Z')), 25);
  assert.equal(hours(dayOf('Australia/Lord_Howe', '2026-04-05T12:00:00Z')), 24.5);
  assert.equal(dayOf('Asia/Kathmandu', '2026-05-01T00:00:00Z').fromMs, at('2026-04-30T18:15:00Z'));
});

test('a day without a midnight begins where the clocks jump', () => {
  const day = dayOf('America/Asuncion', '2023-10-01T12:00:00Z');
  assert.deepEqual([day.fromMs, hours(day)], [at('2023-10-01T04:00:00Z'), 23]);
});

test('a day that a zone skipped has no step', () => {
  assert.equal(dayOf('Pacific/Apia', '2011-12-30T09:00:00Z').toMs, at('2011-12-30T10:00:00Z'));
  assert.equal(dayOf('Pacific/Apia', '2011-12-30T10:00:00Z').fromMs, at('2011-12-30T10:00:00Z'));
});

test('an hour that clocks show twice is two steps, and where they move by half an hour it is cut', () => {
  const newYork = zonedSteps(new TimeZone('America/New_York'), HOUR_MS);
  assert.equal(newYork.at(at('2026-11-01T05:30:00Z')).toMs, newYork.at(at('2026-11-01T06:30:00Z')).fromMs);
  const lordHowe = zonedSteps(new TimeZone('Australia/Lord_Howe'), HOUR_MS);
  assert.equal(hours(lordHowe.at(at('2026-04-04T15:10:00Z'))), 0.5);
});

test('a zone that does not exist is an error', () => {
  assert.throws(() => new TimeZone('Mars/Olympus'), RangeError);
});

const ZONES = [
  'UTC',
  'America/New_York',
  'America/St_Johns',
  'America/Asuncion',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Europe/Dublin',
  'Pacific/Apia',
  'Pacific/Chatham',
].map((name) => new TimeZone(name));
const STEPS: readonly Steps[] = [
  oneStep(),
  ...[MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS].map(fixedSteps),
  ...ZONES.flatMap((zone) => [HOUR_MS, 3 * HOUR_MS, DAY_MS].map((stepMs) => zonedSteps(zone, stepMs))),
];
const INSTANT = fc.integer({ min: 0, max: at('2060-01-01T00:00:00Z') / MINUTE_MS }).map((index) => index * MINUTE_MS);

test('steps follow each other without a gap, and each holds the instants it is said to hold', () => {
  fc.assert(
    fc.property(INSTANT, fc.constantFrom(...STEPS.slice(1)), (atMs, steps) => {
      const step = steps.at(atMs);
      assert.ok(step.fromMs <= atMs && atMs < step.toMs);
      assert.deepEqual(steps.at(Math.max(step.fromMs, 0)), step);
      assert.deepEqual(steps.at(step.toMs - 1), step);
      assert.equal(steps.at(step.toMs).fromMs, step.toMs);
    }),
    { numRuns: 2000 },
  );
});

test('stretches are the range, in order, and no row of one lies in two steps', () => {
  const days = fc.integer({ min: 0, max: 40 * 1440 }).map((count) => count * MINUTE_MS);
  fc.assert(
    fc.property(INSTANT, days, fc.constantFrom(...STEPS), (fromMs, lengthMs, steps) => {
      const range = { fromMs, toMs: fromMs + lengthMs };
      const stretches = [...steps.stretches(range, 'asc')];
      assert.deepEqual([...steps.stretches(range, 'desc')], stretches.toReversed());
      let reachedMs = range.fromMs;
      for (const stretch of stretches) {
        assert.equal(stretch.fromMs, reachedMs);
        assert.ok(stretch.toMs > stretch.fromMs);
        assert.equal(stretch.fromMs % stretch.resolutionMs, 0);
        assert.equal(stretch.toMs % stretch.resolutionMs, 0);
        for (let rowMs = stretch.fromMs; rowMs < stretch.toMs; rowMs += Math.max(stretch.resolutionMs, HOUR_MS / 4)) {
          assert.deepEqual(steps.at(rowMs), steps.at(rowMs + stretch.resolutionMs - 1));
        }
        reachedMs = stretch.toMs;
      }
      assert.equal(reachedMs, range.toMs);
    }),
    { numRuns: 300 },
  );
});

test('a month that begins anywhere is some days, hours and parts of an hour', () => {
  const fromMs = at('2026-01-01T10:20:00Z');
  const stretches = [...oneStep().stretches({ fromMs, toMs: fromMs + 30 * DAY_MS }, 'asc')];
  assert.deepEqual(
    stretches.map(({ fromMs: startMs, toMs, resolutionMs }) => (toMs - startMs) / resolutionMs),
    [8, 13, 29, 10, 4],
  );
});
