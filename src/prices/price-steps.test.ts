import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRICE_STEPS, priceStep } from './price-steps.ts';

test('a prompt has reached the last step at or below its size', () => {
  for (const [i, step] of PRICE_STEPS.entries()) {
    assert.deepEqual(
      [priceStep(step - 1), priceStep(step)],
      [PRICE_STEPS.findLast((each) => each < step) ?? 0, step],
      `${i}`,
    );
  }
  assert.equal(priceStep(Number.NaN), 0);
});
