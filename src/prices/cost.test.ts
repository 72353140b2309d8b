import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { billedTokens, billText, parseBill } from './bill.ts';
import { type BillableTokens, BillSum, billableTokens, type ReportedTokens, writeBill } from './cost.ts';
import type { Rates } from './price-book.ts';
import { aPrice } from './price-builders.contract.ts';

/** All different, so that no part can stand for another. */
const RATES: Rates = {
  input: 3_000_000,
  cacheRead: 300_000,
  cacheWrite: 3_750_000,
  cacheWrite1h: 6_000_000,
  inputAudio: 40_000_000,
  cacheReadAudio: 400_000,
  inputImage: 5_000_000,
  output: 15_000_000,
  outputAudio: 80_000_000,
  outputImage: 32_000_000,
  request: 5_000_000_000,
  webSearch: 10_000_000_000,
  groundedRequest: 35_000_000_000,
};

const REPORTED = { promptTokens: 1000, cachedPromptTokens: 600, cacheWriteTokens: 100, completionTokens: 50 };

const NO_TOKENS: BillableTokens = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  inputAudioTokens: 0,
  cacheReadAudioTokens: 0,
  inputImageTokens: 0,
  outputTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  requestFees: 1,
  webSearches: 0,
  groundedRequests: 0,
};

function costOf(tokens: BillableTokens): bigint {
  const bill = new BillSum();
  writeBill(tokens, RATES, bill);
  return bill.sum.value;
}

const count = fc.oneof(fc.nat(2000), fc.nat(100_000_000));
const anyReport: fc.Arbitrary<Required<ReportedTokens>> = fc.record({
  promptTokens: count,
  cachedPromptTokens: count,
  cacheWriteTokens: count,
  cacheWrite1hTokens: count,
  completionTokens: count,
  audioPromptTokens: count,
  cachedAudioPromptTokens: count,
  imagePromptTokens: count,
  audioCompletionTokens: count,
  imageCompletionTokens: count,
  webSearchRequests: fc.oneof(fc.constant(0), fc.nat(20)),
});

test('cached and written tokens are taken out of the prompt, so that nothing is billed twice', () => {
  assert.deepEqual(billableTokens(REPORTED), {
    ...NO_TOKENS,
    inputTokens: 300,
    cacheReadTokens: 600,
    cacheWriteTokens: 100,
    outputTokens: 50,
  });
});

test('what was written for an hour is a part of what was written', () => {
  const { cacheWriteTokens, cacheWrite1hTokens } = billableTokens({ ...REPORTED, cacheWrite1hTokens: 60 });
  assert.deepEqual([cacheWriteTokens, cacheWrite1hTokens], [40, 60]);
  const alone = billableTokens({ ...REPORTED, cacheWriteTokens: 0, cacheWrite1hTokens: 60 });
  assert.deepEqual([alone.cacheWriteTokens, alone.cacheWrite1hTokens], [0, 60]);
});

test('cached audio is a part of what was cached and of the audio', () => {
  const tokens = { ...REPORTED, cacheWriteTokens: 0, audioPromptTokens: 800, cachedAudioPromptTokens: 500 };
  const parts = billableTokens(tokens);
  assert.deepEqual(
    [parts.inputTokens, parts.cacheReadTokens, parts.inputAudioTokens, parts.cacheReadAudioTokens],
    [100, 100, 300, 500],
  );
});

test('where nobody says how much of the audio was cached, it is what cannot be otherwise', () => {
  const parts = billableTokens({ ...REPORTED, cacheWriteTokens: 0, audioPromptTokens: 800 });
  assert.deepEqual([parts.cacheReadAudioTokens, parts.inputAudioTokens, parts.inputTokens], [400, 400, 0]);
  const apart = billableTokens({ ...REPORTED, cacheWriteTokens: 0, audioPromptTokens: 400 });
  assert.deepEqual([apart.cacheReadAudioTokens, apart.inputAudioTokens], [0, 400]);
});

test('whatever is reported, the parts are never negative and add up to prompt plus completion', () => {
  fc.assert(
    fc.property(anyReport, (reported) => {
      const { requestFees, webSearches, groundedRequests, ...parts } = billableTokens(reported);
      assert.equal(requestFees, 1);
      assert.equal(webSearches, reported.webSearchRequests);
      assert.equal(groundedRequests, Number(webSearches > 0));
      const values: readonly number[] = Object.values(parts);
      assert.ok(values.every((value) => value >= 0));
      assert.equal(parts.outputTokens + parts.outputAudioTokens + parts.outputImageTokens, reported.completionTokens);
      assert.equal(
        values.reduce((sum, value) => sum + value),
        reported.promptTokens + reported.completionTokens,
      );
    }),
  );
});

test('the cost of the sum of many calls is the sum of their costs, to the last digit', () => {
  fc.assert(
    fc.property(fc.array(anyReport, { minLength: 1 }), (many) => {
      const parts = many.map(billableTokens);
      const total = Object.fromEntries(
        (Object.keys(NO_TOKENS) as (keyof BillableTokens)[]).map((field) => [
          field,
          parts.reduce((sum, part) => sum + part[field], 0),
        ]),
      ) as unknown as BillableTokens;
      assert.equal(
        costOf(total),
        parts.reduce((sum, part) => sum + costOf(part), 0n),
      );
    }),
  );
});

test('every part is billed at a rate of its own', () => {
  for (const field of Object.keys(NO_TOKENS) as (keyof BillableTokens)[]) {
    const rate = costOf({ ...NO_TOKENS, requestFees: 0, [field]: 1 });
    assert.ok(Object.values(RATES).includes(Number(rate)), field);
  }
});

test('the lines of a bill add up to the cost to the last digit, whatever was called', () => {
  fc.assert(
    fc.property(anyReport, (reported) => {
      const tokens = billableTokens(reported);
      const { source, lines } = parseBill(billText(tokens, aPrice(RATES)));
      assert.equal(source, 'test');
      assert.equal(
        lines.reduce((sum, line) => sum + BigInt(line.count) * BigInt(line.rate ?? 0), 0n),
        costOf(tokens),
      );
      assert.ok(lines.every((line) => line.count > 0));
    }),
  );
});

test('a bill holds what it was written for, with a price or without', () => {
  fc.assert(
    fc.property(
      anyReport,
      fc.constantFrom(null, aPrice(RATES), aPrice({ ...RATES, request: 0, webSearch: 0, groundedRequest: 0 })),
      (reported, price) => {
        const tokens = billableTokens(reported);
        assert.deepEqual(billedTokens(parseBill(billText(tokens, price))), tokens);
      },
    ),
  );
});

test('a call without tokens has an empty bill, and a fee where there is one', () => {
  assert.deepEqual(parseBill(billText(NO_TOKENS, aPrice({ ...RATES, request: 0 }))).lines, []);
  assert.deepEqual(parseBill(billText(NO_TOKENS, aPrice(RATES))).lines, [
    { part: 'request', count: 1, rate: RATES.request },
  ]);
});
