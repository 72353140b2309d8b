import assert from 'node:assert/strict';
import { test } from 'node:test';
import { billOf } from '../../bench/bill/bill-of.ts';

const COSTS = {
  cpuMicrosPerCall: 20,
  logBytesPerCall: 700,
  keptCallBytes: 400,
  rowBytes: 280,
  idleMemoryMb: 140,
  knownIdBytes: 60,
};
/** 100 calls a second, 500 at the peak. */
const TRAFFIC = { callsPerMonth: 259_200_000, peak: 5, series: 100 };
const KEEPING = { logDays: 7, callsDays: 30, callsPerSecondMax: 1000, horizonMinutes: 15, metricsDays: 30 };
const MACHINE = { cores: 2, memoryGb: 4, diskGb: 80, usdPerMonth: 30, usdPerGbMonth: 0.1 };

test('a bill is what the formulas of capacity.md say', () => {
  const bill = billOf(COSTS, TRAFFIC, KEEPING, MACHINE);
  assert.deepEqual([bill.callsPerSecond, bill.callsPerSecondAtPeak, bill.coresAtPeak], [100, 500, 0.01]);
  assert.deepEqual([bill.logGb, bill.callsGb, bill.rowsGb], [42.336, 103.68, 1.2096]);
  assert.equal(bill.cpuShare, 0.01);
  assert.equal(Math.round(bill.memoryMb), 140 + 26);
  // 147 GB, of which the machine brings 80.
  assert.equal(bill.usdPerMonth.toFixed(2), '36.72');
  assert.equal(bill.usdPerMillionCalls.toFixed(4), '0.1417');
});

test('disk that comes with the machine is paid for once', () => {
  const bill = billOf(COSTS, TRAFFIC, { ...KEEPING, logDays: 1, callsPerSecondMax: 10 }, MACHINE);
  assert.equal(bill.callsGb, 10.368);
  assert.equal(bill.usdPerMonth, 30);
});
