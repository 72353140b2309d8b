import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isEmptyTally,
  TALLY_EXACT_SUMS,
  TALLY_HISTOGRAMS,
  TALLY_MAXIMA,
  TALLY_SUMS,
  Tally,
  type TallySink,
} from './tally.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, Usage, type UsageSink } from './usage.ts';
import { WindowCodec } from './window-codec.ts';
import { NO_USAGE, WindowRows } from './window-rows.ts';
import { WindowSums } from './window-sums.ts';

/** What a call may add to a window, or take back. */
interface Addition {
  readonly tally: (to: TallySink) => void;
  readonly billed: number;
  readonly usage: (to: UsageSink) => void;
}

const count = fc.oneof(fc.constantFrom(0, 1, -1), fc.nat(2 ** 40));
const durationMs = fc.oneof(fc.constantFrom(0, 7), fc.double({ min: 0.0005, max: 2.6e9, noNaN: true }));
const money = fc
  .oneof(fc.bigInt(0n, 9n), fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.bigInt(0n, 2n ** 50n))
  .map((amount) => {
    const { costPicoUsd } = new Tally();
    costPicoUsd.addBig(amount);
    return costPicoUsd;
  });

const addition: fc.Arbitrary<Addition> = fc
  .record({
    numbers: fc.array(fc.tuple(fc.constantFrom(...TALLY_SUMS), count), { maxLength: 4 }),
    maximum: fc.nat(2 ** 40),
    money: fc.array(fc.tuple(fc.constantFrom(...TALLY_EXACT_SUMS), money), { maxLength: 2 }),
    durations: fc.array(fc.tuple(fc.constantFrom(...TALLY_HISTOGRAMS), durationMs), { maxLength: 2 }),
    billed: fc.nat(2),
    used: fc.array(fc.tuple(fc.constantFrom(...USAGE_SUMS), count), { maxLength: 4 }),
    bills: fc.array(fc.tuple(fc.constantFrom(...USAGE_EXACT_SUMS), money), { maxLength: 2 }),
  })
  .map((says) => ({
    tally: (to) => {
      for (const [field, added] of says.numbers) to[field] += added;
      for (const field of TALLY_MAXIMA) to[field] = Math.max(to[field], says.maximum);
      for (const [field, added] of says.money) to[field].add(added);
      for (const [field, ms] of says.durations) to[field].record(ms);
    },
    billed: says.billed,
    usage: (to) => {
      for (const [field, added] of says.used) to[field] += added;
      for (const [field, added] of says.bills) to[field].add(added);
    },
  }));

/** The last two are stored alike. */
const NAMES = ['', 'gpt', 'gpt'];
const nameOf = (billed: number): string => NAMES[billed] ?? '';

/** As objects: what rows are compared with. */
class Window {
  readonly tally = new Tally();
  readonly usages = new Map<string, Usage>();

  add({ tally, billed, usage }: Addition): void {
    tally(this.tally);
    const named = this.usages.get(nameOf(billed)) ?? new Usage();
    this.usages.set(nameOf(billed), named);
    usage(named);
  }

  /** In the order in which a row has them. */
  encoded(codec: WindowCodec, order: readonly string[]): Uint8Array {
    const usages = order.map((billed) => ({ billed, usage: this.usages.get(billed) ?? new Usage() }));
    return Uint8Array.from(codec.encode(this.tally, usages));
  }
}

function addTo(rows: WindowRows, row: number, { tally, billed, usage }: Addition): void {
  tally(rows.tally(row));
  let known = rows.firstUsage(row);
  while (known !== NO_USAGE && rows.billedOf(known) !== billed) known = rows.nextUsage(known);
  usage(rows.usage(known === NO_USAGE ? rows.addUsage(row, billed) : known));
}

test('windows in rows are written as their tallies and usages are, however often the rows are filled', () => {
  const [rows, sums, codec] = [new WindowRows(), new WindowSums(), new WindowCodec()];
  fc.assert(
    fc.property(fc.array(fc.array(addition, { maxLength: 5 }), { minLength: 1, maxLength: 3 }), (windows) => {
      rows.clear();
      const expected = windows.map(() => new Window());
      for (const [index, additions] of windows.entries()) {
        const row = rows.add();
        for (const each of additions) {
          addTo(rows, row, each);
          expected[index]?.add(each);
        }
      }
      for (const [row, window] of expected.entries()) {
        rows.read(row, sums, nameOf);
        const order = Array.from({ length: sums.usageCount }, (_, index) => sums.usage(index).billed);
        assert.deepEqual(Uint8Array.from(codec.encodeSums(sums)), window.encoded(codec, order));
        assert.equal(sums.isTallyEmpty, isEmptyTally(window.tally));
      }
    }),
    { numRuns: 500 },
  );
});

test('what is taken back leaves nothing in a row', () => {
  const [rows, sums, other] = [new WindowRows(), new WindowSums(), new Tally()];
  const row = rows.add();
  other.latency.record(80);
  for (const to of [rows.tally(row)]) {
    to.requests++;
    to.latency.record(80);
    to.requests--;
    to.latency.subtract(other.latency);
  }
  rows.read(row, sums, nameOf);
  assert.equal(sums.isTallyEmpty, true);
});
