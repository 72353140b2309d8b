import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ClockWatch } from './clock-watch.ts';

const YEAR_MS = 365 * 86_400_000;

function watched(t: { after(done: () => void): void }) {
  const state = { jump: 0, ahead: 0 };
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) });
  const watch = new ClockWatch({ jumpMs: () => state.jump, aheadMs: () => state.ahead }, logger);
  t.after(() => watch.stop());
  return { state, lines, watch };
}

test('a jump is told when it begins and when it is over, once each', (t) => {
  const { state, lines, watch } = watched(t);
  watch.look();
  state.jump = 120_000;
  watch.look();
  watch.look();
  state.jump = 0;
  watch.look();
  watch.look();
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /set 2m ahead .* lasted 10m/);
  assert.match(lines[1] ?? '', /believed again/);
});

test('a jump beyond an hour is not ready and says what to do, a smaller one is ready', async (t) => {
  const { state, watch } = watched(t);
  state.jump = -3_600_000;
  await watch.dependency.check();
  state.jump = -YEAR_MS;
  await assert.rejects(watch.dependency.check(), /set 365d back .* set it right, or restart/);
});

test('a log that is ahead is told, and beyond an hour names the command that mends it', async (t) => {
  const { state, lines, watch } = watched(t);
  state.ahead = 30_000;
  watch.look();
  assert.equal(lines.length, 0);
  state.ahead = 2 * 3_600_000 + 60_000;
  watch.look();
  state.ahead = 30_000;
  watch.look();
  state.ahead = 0;
  watch.look();
  assert.match(lines[0] ?? '', /2h 1m ahead .*streamlens log restamp/);
  assert.match(lines[1] ?? '', /caught up/);
  assert.equal(lines.length, 2);
  state.ahead = YEAR_MS;
  await assert.rejects(watch.dependency.check(), /streamlens log restamp/);
});

test('both are in the metrics, in seconds', async (t) => {
  const { state, watch } = watched(t);
  Object.assign(state, { jump: -90_000, ahead: 5000 });
  const text = await watch.registry.metrics();
  assert.match(text, /^streamlens_clock_jump_seconds -90$/m);
  assert.match(text, /^streamlens_log_time_ahead_seconds 5$/m);
});
