import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogClock } from './log-clock.ts';

const START_MS = Date.UTC(2026, 0, 10, 12);
const YEAR_MS = 365 * 24 * 3_600_000;

function machine() {
  let elapsedMs = 1000;
  let wallMs = START_MS;
  const clock = new LogClock(undefined, { wallMs: () => wallMs, elapsedMs: () => elapsedMs });
  return {
    clock,
    pass: (ms: number) => {
      elapsedMs += ms;
      wallMs += ms;
    },
    step: (ms: number) => {
      wallMs += ms;
    },
    append: (lastMs = 0) => {
      const stampMs = clock.beginAppend(lastMs);
      clock.endAppend();
      return stampMs;
    },
  };
}

test('no stamp lies before what a reader has sealed', () => {
  const { clock, pass, step, append } = machine();
  pass(500);
  assert.equal(clock.beginRead(), START_MS + 500);
  step(-300);
  assert.equal(append(), START_MS + 500);
});

test('a reader seals no more than the stamp that is being appended', () => {
  const { clock, pass } = machine();
  const stampMs = clock.beginAppend(0);
  pass(1000);
  assert.equal(clock.beginRead(), stampMs);
  clock.endAppend();
  assert.equal(clock.beginRead(), START_MS + 1000);
});

test('a clock that is a year ahead for some seconds stamps nothing a year ahead', () => {
  const { clock, pass, step, append } = machine();
  append();
  step(YEAR_MS);
  pass(5000);
  assert.equal(append(), START_MS + 5000);
  assert.equal(clock.beginRead(), START_MS + 5000);
  assert.equal(clock.jumpMs(), YEAR_MS);
  step(-YEAR_MS);
  pass(1000);
  assert.equal(append(), START_MS + 6000);
  assert.equal(clock.aheadMs(), 0);
});

test('a log from the future goes on at half the pace, until time has caught up with it', () => {
  const { clock, pass, append } = machine();
  const lastMs = START_MS + 10_000;
  clock.raiseTo(lastMs);
  assert.equal(clock.beginRead(), lastMs);
  for (let i = 0; i < 10; i++) {
    pass(1000);
    clock.beginRead();
  }
  assert.equal(append(lastMs), lastMs + 5000);
  assert.equal(clock.aheadMs(), 5000);
  pass(20_000);
  assert.equal(append(lastMs), START_MS + 30_000);
  assert.equal(clock.aheadMs(), 0);
});

test('log time never falls, whatever the clock does', () => {
  const { clock, pass, step, append } = machine();
  let lastMs = 0;
  for (const by of [50_000, -40_000, YEAR_MS, -YEAR_MS, -3_600_000, 3_600_000, 59_000, -59_000]) {
    step(by);
    pass(1500);
    const stampMs = append(lastMs);
    assert.ok(stampMs >= lastMs, `${stampMs} after ${lastMs}`);
    assert.ok((clock.beginRead() ?? 0) >= stampMs);
    lastMs = stampMs;
  }
});
