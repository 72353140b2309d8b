import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callsIn } from './encoded-call.ts';
import { ExactSum } from './exact-sum.ts';
import { addTally, isEmptyTally, subtractTally, Tally, type TallySink } from './tally.ts';
import { plainTally } from './tally-builders.contract.ts';
import { addEncodedTally, CALL_FIELD, CALLS_FIELD } from './tally-codec.ts';
import { TallyRows } from './tally-rows.ts';
import { TallySummer } from './tally-summer.ts';

/** A call that was answered; with what most have none of, it is said in more fields. */
const call = fc.record({
  latencyMs: fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.constantFrom(0, 0.0004)),
  promptTokens: fc.nat(100_000),
  completionTokens: fc.nat(100_000),
  cost: fc.oneof(fc.nat(2 ** 31), fc.integer({ min: 2 ** 33, max: 2 ** 45 })),
  isListed: fc.boolean(),
  isError: fc.boolean(),
  firstTokenMs: fc.option(fc.integer({ min: 1, max: 900 })),
  cachedPromptTokens: fc.nat(2),
  isAnswered: fc.boolean(),
  isTakenBack: fc.boolean(),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

function addCall(to: TallySink, it: Call): void {
  const cost = new ExactSum();
  cost.addProduct(it.cost, 1);
  to.requests++;
  to.promptTokens += it.promptTokens;
  to.promptTokensKnown++;
  to.cachedPromptTokens += it.cachedPromptTokens;
  if (!it.isAnswered) return;
  const latencyUs = Math.round(it.latencyMs * 1000);
  to.completed++;
  to.latencyKnown++;
  to.latencyUsSum += latencyUs;
  to.latencyUsMax = Math.max(to.latencyUsMax, latencyUs);
  to.latency.record(it.latencyMs);
  to.completionTokens += it.completionTokens;
  to.completionTokensKnown++;
  to.costPicoUsd.add(cost);
  if (it.isListed) to.listCostPicoUsd.add(cost);
  if (it.isError) to.errors++;
  if (it.firstTokenMs !== null) to.timeToFirstToken.record(it.firstTokenMs);
}

const PLAIN: Call = {
  latencyMs: 812,
  promptTokens: 1500,
  completionTokens: 230,
  cost: 1_700_000_000,
  isListed: true,
  isError: false,
  firstTokenMs: null,
  cachedPromptTokens: 0,
  isAnswered: true,
  isTakenBack: false,
};

const ofCalls = fc.oneof(fc.array(call, { maxLength: 6 }), fc.array(fc.constant(PLAIN), { maxLength: 3 }));

test('calls are read as they were counted, one or several, whatever else there is in them, and add up as bytes', () => {
  fc.assert(
    fc.property(fc.array(ofCalls, { minLength: 1, maxLength: 4 }), (groups) => {
      const [rows, summer, all, expectedOfAll] = [new TallyRows(), new TallySummer(), new TallySummer(), new Tally()];
      for (const calls of groups) {
        const [row, expected, found] = [rows.add(), new Tally(), new Tally()];
        for (const it of calls) {
          for (const to of [rows.at(row), expected]) {
            addCall(to, it);
            const one = new Tally();
            addCall(one, it);
            if (it.isTakenBack) subtractTally(to, one);
          }
        }
        const encoded = summer.encodeRow(rows, row);
        assert.equal(encoded === null, isEmptyTally(expected));
        if (encoded === null) continue;
        const reader = { bytes: encoded.bytes, at: encoded.start };
        addEncodedTally(found, reader);
        assert.equal(reader.at, encoded.end);
        assert.deepEqual(plainTally(found), plainTally(expected));
        all.addEncoded({ bytes: encoded.bytes, at: encoded.start });
        addTally(expectedOfAll, expected);
      }
      const sum = all.take();
      const found = new Tally();
      if (sum !== null) addEncodedTally(found, { bytes: sum.bytes, at: sum.start });
      if (sum !== null) assert.deepEqual(plainTally(found), plainTally(expectedOfAll));
      assert.equal(sum === null, isEmptyTally(expectedOfAll));
    }),
  );
});

test('numbers are calls where each has one of all that a call has, and none where one is lost or costs something else', () => {
  const rows = new TallyRows();
  const countOf = (calls: readonly Call[], add: (to: TallySink) => void = () => undefined): number => {
    const row = rows.add();
    for (const it of calls) addCall(rows.at(row), it);
    add(rows.at(row));
    return callsIn(rows.pageOf(row), rows.startOf(row));
  };
  assert.equal(countOf([PLAIN]), 1);
  assert.equal(countOf([PLAIN, PLAIN, { ...PLAIN, isError: true }]), 3);
  assert.equal(countOf([]), 0);
  assert.equal(countOf([PLAIN, { ...PLAIN, isAnswered: false }]), 0);
  assert.equal(countOf([{ ...PLAIN, isListed: false }]), 0);
  const lost = countOf([PLAIN], (to) => {
    to.latencyKnown--;
  });
  assert.equal(lost, 0);
});

test('a call takes some twenty bytes, and so do many beside their durations', () => {
  const rows = new TallyRows();
  addCall(rows.at(rows.add()), PLAIN);
  const [one, several] = [rows.add(), rows.add()];
  addCall(rows.at(one), PLAIN);
  for (let i = 0; i < 40; i++) addCall(rows.at(several), PLAIN);
  const summer = new TallySummer();
  const lengthOf = (row: number): readonly [number | undefined, number] => {
    const { bytes, start, end } = summer.encodeRow(rows, row) ?? assert.fail();
    return [bytes[start], end - start];
  };
  assert.deepEqual(lengthOf(one), [CALL_FIELD, 17]);
  const [field, length] = lengthOf(several);
  assert.equal(field, CALLS_FIELD);
  assert.ok(length < 35, `${length} bytes`);
});
