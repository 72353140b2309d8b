import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExactSum } from '../tally/exact-sum.ts';
import { addCost, billableTokens, costLines } from './cost.ts';
import type { Price, Rates } from './price-book.ts';

const RATES: Rates = {
  input: 3_000_000,
  cacheRead: 300_000,
  cacheWrite: 3_750_000,
  output: 15_000_000,
  inputAudio: 40_000_000,
  outputAudio: 80_000_000,
};

const REPORTED = { promptTokens: 1000, cachedPromptTokens: 600, cacheWriteTokens: 100, completionTokens: 50 };

test('cached and written tokens are taken out of the prompt, so that nothing is billed twice', () => {
  assert.deepEqual(billableTokens(REPORTED), {
    inputTokens: 300,
    cacheReadTokens: 600,
    cacheWriteTokens: 100,
    outputTokens: 50,
    inputAudioTokens: 0,
    outputAudioTokens: 0,
  });
});

test('whatever is reported, the parts are never negative and add up to prompt plus completion', () => {
  const count = fc.nat(100_000_000);
  const anyReport = fc.record({
    promptTokens: count,
    cachedPromptTokens: count,
    cacheWriteTokens: count,
    completionTokens: count,
    audioPromptTokens: count,
    audioCompletionTokens: count,
  });
  fc.assert(
    fc.property(anyReport, (reported) => {
      const parts = billableTokens(reported);
      const values: readonly number[] = Object.values(parts);
      assert.ok(values.every((value) => value >= 0));
      assert.equal(parts.outputTokens + parts.outputAudioTokens, reported.completionTokens);
      assert.equal(
        values.reduce((sum, value) => sum + value),
        reported.promptTokens + reported.completionTokens,
      );
    }),
  );
});

test('the cost of the sum of many calls is the sum of their costs, to the last digit', () => {
  const calls = fc.array(fc.record({ prompt: fc.nat(1e8), cached: fc.nat(1e8), completion: fc.nat(1e8) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(calls, (many) => {
      const parts = many.map(({ prompt, cached, completion }) =>
        billableTokens({
          promptTokens: prompt,
          cachedPromptTokens: cached,
          cacheWriteTokens: 0,
          completionTokens: completion,
        }),
      );
      const singly = new ExactSum();
      for (const part of parts) addCost(singly, part, RATES);
      const total = (field: keyof (typeof parts)[number]): number => parts.reduce((sum, part) => sum + part[field], 0);
      const atOnce = new ExactSum();
      addCost(
        atOnce,
        {
          inputTokens: total('inputTokens'),
          cacheReadTokens: total('cacheReadTokens'),
          cacheWriteTokens: total('cacheWriteTokens'),
          outputTokens: total('outputTokens'),
          inputAudioTokens: total('inputAudioTokens'),
          outputAudioTokens: total('outputAudioTokens'),
        },
        RATES,
      );
      assert.equal(atOnce.value, singly.value);
    }),
  );
});

test('a bill has one line per part that has tokens, and its lines add up to the cost', () => {
  const price: Price = { rates: RATES, bandFromTokens: 0, source: 'test' };
  const tokens = billableTokens({ ...REPORTED, audioPromptTokens: 10, audioCompletionTokens: 5 });
  const lines = costLines(tokens, price);
  assert.deepEqual(
    lines.map(({ part }) => part),
    ['input', 'cache_read', 'cache_write', 'input_audio', 'output', 'output_audio'],
  );
  assert.deepEqual(lines[1], { part: 'cache_read', tokens: 600, usd_per_million_tokens: 0.3, cost_usd: 0.00018 });
  const cost = new ExactSum();
  addCost(cost, tokens, RATES);
  assert.equal(Math.round(lines.reduce((sum, line) => sum + line.cost_usd, 0) * 1e12), Number(cost.value));
});

test('a call without tokens has an empty bill', () => {
  const none = billableTokens({ promptTokens: 0, cachedPromptTokens: 0, cacheWriteTokens: 0, completionTokens: 0 });
  assert.deepEqual(costLines(none, { rates: RATES, bandFromTokens: 0, source: 'test' }), []);
});
