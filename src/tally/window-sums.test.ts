import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';
import { Usage } from './usage.ts';
import { bucketByMax, WindowSums } from './window-sums.ts';

function aWindow(latencyMs: number, billed: string): WindowSums {
  const [sums, tally, usage] = [new WindowSums(), new Tally(), new Usage()];
  const latencyUs = Math.round(latencyMs * 1000);
  Object.assign(tally, { requests: 1, latencyKnown: 1, latencyUsSum: latencyUs, latencyUsMax: latencyUs });
  tally.latency.record(latencyMs);
  usage.calls = 1;
  sums.setTally(tally);
  sums.setUsage(billed, usage);
  return sums;
}

test('of two windows the larger maximum holds, and usage adds up by what is billed', () => {
  const sums = aWindow(900.4567, 'a');
  for (const other of [aWindow(80, 'a'), aWindow(700, 'b')]) sums.add(other);
  const [tally, usages] = [new Tally(), [new Usage(), new Usage()]];
  sums.addTallyTo(tally);
  assert.deepEqual([tally.requests, tally.latencyUsMax, tally.latency.count], [3, 900_457, 3]);
  for (const [index, usage] of usages.entries()) sums.addUsageTo(usage, index);
  assert.deepEqual([sums.usageCount, ...usages.map(({ calls }) => calls)], [2, 2, 1]);
  sums.clear();
  assert.deepEqual([sums.usageCount, sums.usageOf('a')], [0, null]);
});

test('the only latency of a window is in the bucket of the largest', () => {
  const sums = aWindow(900.4567, '');
  assert.equal(sums.latency, bucketByMax(sums.tally));
  sums.add(aWindow(80, ''));
  assert.equal(bucketByMax(sums.tally), null);
});
