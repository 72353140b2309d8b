import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExactSum } from './exact-sum.ts';

const counts = fc.integer({ min: 0, max: 100_000_000 });
const rates = fc.integer({ min: 0, max: 1_000_000_000 });

test('a sum of products is exact, however large and in whatever order and grouping', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(counts, rates), { maxLength: 50 }), fc.nat(50), (products, cut) => {
      const [left, right, whole] = [new ExactSum(), new ExactSum(), new ExactSum()];
      products.forEach(([count, rate], i) => (i < cut ? left : right).addProduct(count, rate));
      for (const [count, rate] of products.toReversed()) whole.addProduct(count, rate);
      left.add(right);
      const expected = products.reduce((sum, [count, rate]) => sum + BigInt(count) * BigInt(rate), 0n);
      assert.equal(left.value, expected);
      assert.equal(whole.value, expected);
    }),
  );
});

test('the cost of 10^9 calls is exact to the last unit', () => {
  // A call of 1,234,567 tokens at 2.50 USD per million and one more unit: no double holds the sum.
  const callTokens = 1_234_567;
  const thousand = new ExactSum();
  for (let i = 0; i < 1000; i++) {
    thousand.addProduct(callTokens, 2_500_000);
    thousand.addProduct(1, 1);
  }
  const million = new ExactSum();
  for (let i = 0; i < 1000; i++) million.add(thousand);
  const total = new ExactSum();
  for (let i = 0; i < 1000; i++) total.add(million);
  assert.equal(total.value, 1_000_000_000n * (1_234_567n * 2_500_000n + 1n));
});

test('a correction may be negative', () => {
  const sum = new ExactSum();
  sum.addProduct(3, 5);
  sum.addBig(-20n);
  assert.equal(sum.value, -5n);
});
