import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AXIS_STEPS, axisMs, axisShare } from '../../src/dashboard/axis-steps.ts';

test('every multiple of a step of time is a whole number of units', () => {
  for (const step of AXIS_STEPS.ms.filter((ms) => ms >= 1000)) {
    for (let count = 1; count <= 8; count++) {
      assert.match(axisMs(step * count), /^\d+(:\d\d)?\u202f(s|min|h|d)$/, `${count} × ${step} ms`);
    }
  }
  assert.deepEqual(
    [500, 15_000, 75_000, 90_000, 7_200_000].map((ms) => axisMs(ms).replace('\u202f', ' ')),
    ['500 ms', '15 s', '1:15 min', '1:30 min', '2 h'],
  );
});

test('steps ascend, and calls are counted in whole ones', () => {
  for (const steps of Object.values(AXIS_STEPS)) {
    assert.deepEqual(
      steps,
      [...steps].sort((a, b) => a - b),
    );
    assert.equal(new Set(steps).size, steps.length);
  }
  assert.ok(AXIS_STEPS.count.every(Number.isInteger));
});

test('ticks of a share are as round as they are', () => {
  assert.deepEqual([0.5, 0.125, 0.005, 1].map(axisShare), ['50%', '12.5%', '0.50%', '100%']);
});
