import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { drawPlan } from './plan.ts';
import { runSchedule } from './run-schedule.ts';
import { planOf, situationNamed } from './situations.ts';

const SIMULATE = new URL('./simulate.ts', import.meta.url).pathname;
const FIXED_SCHEDULES = 1000;
const FRESH_SCHEDULES = 500;

test('the same seed gives the same schedule to the last byte', async () => {
  for (const seed of [3, 44, 111]) {
    const [once, again] = [
      await runSchedule(seed, { keepsTrace: true }),
      await runSchedule(seed, { keepsTrace: true }),
    ];
    assert.ok(once.lines.length > 100, 'the trace tells what happened');
    assert.deepEqual(again.lines, once.lines);
    assert.equal(again.traceHash, once.traceHash);
  }
});

test('another seed gives another schedule', async () => {
  const [one, other] = [await runSchedule(1), await runSchedule(2)];
  assert.notEqual(one.traceHash, other.traceHash);
});

test('seeds draw every kind of plan', () => {
  const plans = Array.from({ length: 200 }, (_, seed) => drawPlan(seed));
  for (const name of ['faultRate', 'incidentRate', 'processorCount', 'partitionCount', 'replayRecordsMax'] as const) {
    assert.ok(new Set(plans.map((plan) => plan[name])).size >= 3, name);
  }
  assert.ok(
    plans.some(({ pendingMax }) => pendingMax < 10) && plans.some(({ callsPerSecondMax }) => callsPerSecondMax < 10),
  );
});

test('a situation that is asked for happens in every schedule, and all else is as drawn', () => {
  for (const seed of [1, 2, 3]) {
    const { growth, ...rest } = planOf(seed, 'growth');
    assert.notEqual(growth, null);
    assert.equal(rest.callCount, drawPlan(seed).callCount);
    assert.ok(planOf(seed, 'crashes at the bound').pendingMax <= 6);
    assert.deepEqual(planOf(seed, null), drawPlan(seed));
  }
  assert.throws(() => situationNamed('toString'), /No situation is named "toString"/);
});

describe('whatever crashes, repeats, delays or reorders, every row equals the batch oracle', {
  concurrency: true,
}, () => {
  const workers = Math.min(2, availableParallelism());
  const share = Math.ceil(FIXED_SCHEDULES / workers);
  for (let worker = 0; worker < workers; worker++) {
    const first = 1 + worker * share;
    test(`for the fixed seeds ${first} to ${first + share - 1}`, () => simulate(first, share));
  }
  const fresh = Date.now() % 1_000_000_000;
  test(`for ${FRESH_SCHEDULES} fresh seeds from ${fresh} on`, () => simulate(fresh, FRESH_SCHEDULES));
});

/** In a process of its own, so that two cores work at once. Its last line says how to repeat a failure. */
async function simulate(seed: number, schedules: number): Promise<void> {
  const child = spawn(process.execPath, [SIMULATE, '--seed', String(seed), '--schedules', String(schedules)]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  assert.equal(code, 0, output);
}
