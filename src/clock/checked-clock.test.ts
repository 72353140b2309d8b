import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BELIEVED_AFTER_MS, CheckedClock } from './checked-clock.ts';

const START_MS = Date.UTC(2026, 0, 10, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** A machine whose clock can be set, and on which time passes when it is told to. */
function machine(startMs = START_MS) {
  let elapsedMs = 5000;
  let wallMs = startMs;
  const clock = new CheckedClock(undefined, { wallMs: () => wallMs, elapsedMs: () => elapsedMs });
  return {
    clock,
    /** In steps of a second, as programs look at their clock. */
    pass: (ms: number) => {
      for (let left = ms; left > 0; left -= 1000) {
        elapsedMs += Math.min(left, 1000);
        wallMs += Math.min(left, 1000);
        clock.nowMs();
      }
    },
    step: (ms: number) => {
      wallMs += ms;
    },
  };
}

test('a clock that nobody sets is the machine clock', () => {
  const { clock, pass } = machine();
  pass(3 * HOUR_MS);
  assert.equal(clock.nowMs(), START_MS + 3 * HOUR_MS);
  assert.equal(clock.jumpMs(), 0);
});

test('a small step is followed at once, forward and back', () => {
  const { clock, pass, step } = machine();
  step(50_000);
  assert.equal(clock.nowMs(), START_MS + 50_000);
  step(-55_000);
  assert.equal(clock.nowMs(), START_MS - 5_000);
  pass(1000);
  assert.equal(clock.jumpMs(), 0);
});

test('a clock that is a year ahead for five seconds changes nothing', () => {
  const { clock, pass, step } = machine();
  pass(10_000);
  step(YEAR_MS);
  pass(5000);
  assert.equal(clock.nowMs(), START_MS + 15_000);
  assert.equal(clock.jumpMs(), YEAR_MS);
  step(-YEAR_MS);
  pass(1000);
  assert.equal(clock.nowMs(), START_MS + 16_000);
  assert.equal(clock.jumpMs(), 0);
});

test('a step of less than an hour is believed when it has lasted, forward and back', () => {
  for (const by of [30 * MINUTE_MS, -30 * MINUTE_MS]) {
    const { clock, pass, step } = machine();
    step(by);
    pass(BELIEVED_AFTER_MS - 2000);
    assert.equal(clock.nowMs(), START_MS + BELIEVED_AFTER_MS - 2000);
    pass(4000);
    assert.equal(clock.nowMs(), START_MS + by + BELIEVED_AFTER_MS + 2000);
    assert.equal(clock.jumpMs(), 0);
  }
});

test('a step of more than an hour is never believed while the program runs', () => {
  for (const by of [YEAR_MS, -2 * HOUR_MS]) {
    const { clock, pass, step } = machine();
    step(by);
    pass(3 * HOUR_MS);
    assert.equal(clock.nowMs(), START_MS + 3 * HOUR_MS);
    assert.equal(clock.jumpMs(), by);
  }
});

test('a clock that jumps about is believed only where it stays', () => {
  const { clock, pass, step } = machine();
  for (let i = 0; i < 10; i++) {
    step(i % 2 === 0 ? 20 * MINUTE_MS : 5 * MINUTE_MS - 20 * MINUTE_MS);
    pass(BELIEVED_AFTER_MS / 2);
  }
  assert.equal(clock.nowMs(), START_MS + 5 * BELIEVED_AFTER_MS);
});

test('a machine that started without a clock takes the time that it is given', () => {
  const { clock, pass, step } = machine(0);
  pass(2000);
  step(START_MS);
  pass(1000);
  assert.equal(clock.nowMs(), START_MS + 3000);
});

test('threads that share the memory judge alike, also one that began during the jump', () => {
  let elapsedMs = 0;
  let wallMs = START_MS;
  const source = { wallMs: () => wallMs, elapsedMs: () => elapsedMs };
  const first = new CheckedClock(undefined, source);
  wallMs += YEAR_MS;
  const second = new CheckedClock(first.shared, source);
  elapsedMs += 1000;
  wallMs += 1000;
  assert.equal(second.nowMs(), START_MS + 1000);
  assert.equal(first.nowMs(), START_MS + 1000);
});
