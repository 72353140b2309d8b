import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  customSpan,
  previousSpan,
  RANGES,
  type RangeName,
  relativeSpan,
  STEPS_MS,
  stepStartsMs,
} from '../../src/dashboard/time-range.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

test('a relative range is whole steps, from before its length to the end of the step that runs', () => {
  for (const name of Object.keys(RANGES) as RangeName[]) {
    const { fromMs, toMs, step } = relativeSpan(name, NOW_MS, 'UTC');
    assert.equal(fromMs % STEPS_MS[step], 0);
    assert.equal(toMs % STEPS_MS[step], 0);
    assert.ok(fromMs <= NOW_MS - RANGES[name].ms && toMs > NOW_MS && toMs - NOW_MS <= STEPS_MS[step]);
    assert.ok(stepStartsMs({ fromMs, toMs, step, zone: 'UTC' }).length <= 170);
  }
});

test('a custom range takes the finest step that keeps a chart readable', () => {
  const steps = [60, 180, 900, 2700, 10_800, 1_000_000].map((minutes) => customSpan(0, minutes * 60_000, 'UTC').step);
  assert.deepEqual(steps, ['1m', '1m', '5m', '15m', '1h', '1d']);
});

test('a custom range of nothing is one step long', () => {
  assert.deepEqual(customSpan(90_000, 90_000, 'UTC'), { zone: 'UTC', fromMs: 60_000, toMs: 120_000, step: '1m' });
});

test('a range is compared with the part of the one before that had passed by then', () => {
  const span = relativeSpan('1h', NOW_MS, 'UTC');
  const before = previousSpan(span, NOW_MS);
  assert.equal(before.fromMs, span.fromMs - (span.toMs - span.fromMs));
  assert.equal(before.toMs - before.fromMs, Math.ceil((NOW_MS - span.fromMs) / 60_000) * 60_000);
  const week = relativeSpan('7d', NOW_MS, 'UTC');
  assert.equal(previousSpan(week, NOW_MS).toMs % 3_600_000, 0);
  const past = customSpan(0, 3_600_000, 'UTC');
  assert.deepEqual(previousSpan(past, NOW_MS), { fromMs: -3_600_000, toMs: 0 });
});

test('days are those of the zone: a year of them has no gap, and each begins at the first instant of its date', () => {
  for (const zone of [
    'America/Los_Angeles',
    'Europe/Berlin',
    'Asia/Kolkata',
    'Pacific/Chatham',
    'America/Havana',
    'Asia/Beirut',
  ]) {
    const span = customSpan(Date.UTC(2026, 0, 5, 3), Date.UTC(2026, 11, 28), zone);
    const date = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
    const starts = stepStartsMs(span);
    assert.equal(span.step, '1d');
    assert.equal(new Set(starts.map((ms) => date.format(ms))).size, starts.length, zone);
    for (const startMs of starts) assert.notEqual(date.format(startMs - 1), date.format(startMs), `${zone} ${startMs}`);
    assert.ok(starts.every((ms, index) => index === 0 || ms - (starts[index - 1] ?? 0) <= 25 * 3_600_000));
  }
});
