import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlotSums } from './slot-sums.ts';
import { guessTally, guessUsage, isTold, usageOfTally } from './window-guess.ts';
import { TALLY_SLOT_COUNT, TALLY_SLOTS, USAGE_SLOT_COUNT, USAGE_SLOTS } from './window-slots.ts';

const told = (...slots: number[]): number => slots.reduce((bits, slot) => bits | (1 << slot), 0);

test('by its latency, tokens and cost alone a call is known, and by the call its usage', () => {
  const tally = new SlotSums(TALLY_SLOT_COUNT);
  const known = { latencyUsSum: 812_000, promptTokens: 100, completionTokens: 20, costPicoUsd: 3 } as const;
  for (const [field, value] of Object.entries(known)) tally.numbers[TALLY_SLOTS[field as keyof typeof known]] = value;
  guessTally(tally, tally, told(...Object.keys(known).map((field) => TALLY_SLOTS[field as keyof typeof known])));
  const expected = {
    requests: 1,
    completed: 1,
    latencyKnown: 1,
    pricedByList: 1,
    latencyUsMax: 812_000,
    listCostPicoUsd: 3,
  };
  for (const [field, value] of Object.entries(expected)) {
    assert.equal(tally.numbers[TALLY_SLOTS[field as keyof typeof expected]], value, field);
  }
  const [left, usage] = [new SlotSums(USAGE_SLOT_COUNT), new SlotSums(USAGE_SLOT_COUNT)];
  usageOfTally(left, tally);
  guessUsage(usage, { from: usage, left, told: 0 });
  const used = { calls: 1, inputTokens: 100, outputTokens: 20, listCalls: 1, requestFees: 1, costPicoUsd: 3 };
  for (const [field, value] of Object.entries(used)) {
    assert.equal(usage.numbers[USAGE_SLOTS[field as keyof typeof used]], value, field);
  }
});

test('what is told is not guessed, and what follows from it is guessed by it', () => {
  const tally = new SlotSums(TALLY_SLOT_COUNT);
  tally.numbers[TALLY_SLOTS.requests] = 3;
  tally.numbers[TALLY_SLOTS.completed] = 2;
  const bits = told(TALLY_SLOTS.requests, TALLY_SLOTS.completed);
  assert.ok(isTold(bits, TALLY_SLOTS.completed) && !isTold(bits, TALLY_SLOTS.errors));
  guessTally(tally, tally, bits);
  assert.equal(tally.numbers[TALLY_SLOTS.completed], 2);
  assert.equal(tally.numbers[TALLY_SLOTS.promptTokensKnown], 3);
  assert.equal(tally.numbers[TALLY_SLOTS.pricedByList], 2);
});
