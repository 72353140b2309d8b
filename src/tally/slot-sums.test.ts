import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExactSum } from './exact-sum.ts';
import { SlotSums } from './slot-sums.ts';

const money = fc.oneof(
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n }),
  fc.integer({ min: -9_999, max: 9_999 }).map((value) => BigInt(value) * 10_000n),
);

function sumsOf(amount: bigint): SlotSums {
  const [sums, sum] = [new SlotSums(1), new ExactSum()];
  sum.addBig(amount);
  sums.setMoney(0, sum);
  return sums;
}

function moneyOf(sums: SlotSums): bigint {
  const sum = new ExactSum();
  sums.addMoneyTo(sum, 0);
  return sum.value;
}

test('money is written and read, added and taken back to the last digit', () => {
  fc.assert(
    fc.property(money, money, (a, b) => {
      const [sums, other, read] = [sumsOf(a), sumsOf(b), new SlotSums(1)];
      const bytes = new Uint8Array(32);
      const end = sums.writeMoney(0, bytes, 0);
      const reader = { bytes, at: 0 };
      read.readMoney(0, reader);
      assert.deepEqual([moneyOf(read), reader.at], [a, end]);
      sums.add(other);
      assert.equal(moneyOf(sums), a + b);
      sums.add(other, -1);
      assert.equal(moneyOf(sums), a);
      assert.deepEqual([sums.numbers, sums.lows], [sumsOf(a).numbers, sumsOf(a).lows]);
      sums.add(sumsOf(a), -1);
      assert.ok(sums.isZero());
    }),
  );
});

test('a price times tokens takes three or four bytes', () => {
  assert.ok(sumsOf(2_500n * 150_000n).writeMoney(0, new Uint8Array(32), 0) <= 4);
});
