import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EncodedTally } from './encoded-tally.ts';
import {
  addTally,
  isEmptyTally,
  subtractTally,
  TALLY_EXACT_SUMS,
  TALLY_HISTOGRAMS,
  TALLY_MAXIMA,
  TALLY_SUMS,
  Tally,
  type TallySink,
} from './tally.ts';
import { plainTally } from './tally-builders.contract.ts';
import { addEncodedTally } from './tally-codec.ts';
import { TallyRows } from './tally-rows.ts';
import { TallySummer } from './tally-summer.ts';

/** What a call may add, to a tally or to a row. */
type Addition = (to: TallySink) => void;

const tokens = fc.oneof(fc.nat(3), fc.nat(2 ** 40));
const durationMs = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 40 }),
  fc.double({ min: 0.0005, max: 2.6e9, noNaN: true }),
);

const addition: fc.Arbitrary<Addition> = fc.oneof(
  fc.tuple(fc.constantFrom(...TALLY_SUMS), tokens).map(
    ([field, count]): Addition =>
      (to) => {
        to[field] += count;
      },
  ),
  fc.tuple(fc.constantFrom(...TALLY_MAXIMA), tokens).map(
    ([field, value]): Addition =>
      (to) => {
        to[field] = Math.max(to[field], value);
      },
  ),
  fc
    .tuple(fc.constantFrom(...TALLY_EXACT_SUMS), fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(-(2n ** 70n), 2n ** 70n)))
    .map(([field, amount]): Addition => {
      const cost = new Tally();
      cost[field].addBig(amount);
      return (to) => to[field].add(cost[field]);
    }),
  fc
    .tuple(fc.constantFrom(...TALLY_EXACT_SUMS), fc.nat(2 ** 31), fc.nat(2 ** 20))
    .map(([field, count, unit]): Addition => {
      const cost = new Tally();
      cost[field].addProduct(count, unit);
      return (to) => to[field].add(cost[field]);
    }),
  fc.tuple(fc.constantFrom(...TALLY_HISTOGRAMS), durationMs).map(
    ([field, valueMs]): Addition =>
      (to) => {
        to[field].record(valueMs);
      },
  ),
);

/** Also what was added before is taken back, at once or later. */
const step = fc.record({ row: fc.nat(4), addition, isTakenBack: fc.boolean() });

function sumOf(rows: TallyRows, asked: readonly number[], summer: TallySummer): EncodedTally | null {
  const [only = 0] = asked;
  if (asked.length === 1) return summer.encodeRow(rows, only);
  for (const row of asked) summer.addRow(rows, row);
  return summer.take();
}

test('rows say what tallies say to which the same was added and from which it was taken, alone and together', () => {
  const rows = new TallyRows();
  fc.assert(
    fc.property(fc.array(step), fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }), (steps, group) => {
      rows.clear();
      const tallies = Array.from({ length: 5 }, () => new Tally());
      for (const [at] of tallies.entries()) assert.equal(rows.add(), at);
      for (const { row, addition: add, isTakenBack } of steps) {
        const tally = tallies[row] as Tally;
        for (const to of [rows.at(row), tally]) {
          const one = new Tally();
          add(one);
          add(to);
          if (isTakenBack) subtractTally(to, one);
        }
      }
      const summer = new TallySummer();
      for (const asked of [...tallies.keys()].map((row) => [row]).concat([group])) {
        const expected = new Tally();
        for (const row of asked) addTally(expected, tallies[row] as Tally);
        const encoded = sumOf(rows, asked, summer);
        assert.equal(encoded === null, isEmptyTally(expected));
        if (encoded === null) continue;
        const [found, reader] = [new Tally(), { bytes: encoded.bytes, at: encoded.start }];
        addEncodedTally(found, reader);
        assert.deepEqual(plainTally(found), plainTally(expected));
        assert.equal(reader.at, encoded.end);
      }
    }),
  );
});

test('thousands of rows and durations are told apart, and the memory of those that were cleared is used again', () => {
  const rows = new TallyRows();
  for (const count of [3_000, 40_000, 2_000]) {
    rows.clear();
    for (let row = 0; row < count; row++) {
      const sink = rows.at(rows.add());
      sink.requests += row;
      sink.latency.record(row);
    }
    assert.equal(rows.length, count);
    const summer = new TallySummer();
    for (const row of [1, 2, count >> 1, count - 1]) {
      const { bytes = NO_BYTES, start: at = 0 } = summer.encodeRow(rows, row) ?? {};
      const tally = new Tally();
      addEncodedTally(tally, { bytes, at });
      assert.deepEqual([tally.requests, tally.latency.count], [row, 1]);
      assert.ok(Math.abs(tally.latency.highestMs - row) <= row / 90);
    }
  }
});

const NO_BYTES = new Uint8Array(0);

test('a sum that the form cannot hold stays at its end', () => {
  const rows = new TallyRows();
  rows.at(rows.add()).latencyUsSum += 2 ** 60;
  const { bytes = NO_BYTES, start: at = 0 } = new TallySummer().encodeRow(rows, 0) ?? {};
  const tally = new Tally();
  addEncodedTally(tally, { bytes, at });
  assert.equal(tally.latencyUsSum, 2 ** 52 - 1);
});
