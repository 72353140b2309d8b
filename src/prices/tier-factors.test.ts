import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Price, Rates } from './price-book.ts';
import { aPrice } from './price-builders.contract.ts';
import type { PricePeriod } from './price-period.ts';
import { periodsOfTier } from './tier-factors.ts';
import list from './tier-prices.json' with { type: 'json' };

/** All different, so that no rate can be taken for another. */
const RATES: Rates = {
  input: 1_000_000,
  cacheRead: 100_000,
  cacheWrite: 1_250_000,
  cacheWrite1h: 2_000_000,
  inputAudio: 3_000_000,
  cacheReadAudio: 300_000,
  inputImage: 5_000_000,
  output: 7_000_000,
  outputAudio: 11_000_000,
  outputImage: 13_000_000,
  request: 17,
  webSearch: 19,
  groundedRequest: 23,
};

const always = (...bands: [Price, ...Price[]]): PricePeriod => ({ when: { kind: 'always' }, bands });
const listed = (has: (factors: Readonly<Record<string, number>>) => boolean) => {
  const found = list.tiers.find(
    ({ factors, models }) => models[0] !== '*' && has(factors as Readonly<Record<string, number>>),
  );
  assert.ok(found, 'the list has no such tier');
  const { provider, tier, models, factors } = found;
  const of = { providerId: provider, names: [models[0] ?? ''], tier: tier as 'flex' };
  return { of, factors: factors as Readonly<Record<string, number>> };
};
const tieredRates = (of: Parameters<typeof periodsOfTier>[1]): Rates | undefined =>
  periodsOfTier([always(aPrice(RATES))], of)[0]?.bands?.[0].rates;

test('a part that the tier names has its own factor; fees of the call stay', () => {
  const { of, factors } = listed(({ cacheRead, output }) => cacheRead !== undefined && output !== undefined);
  const rates = tieredRates(of);
  const of1 = (part: string): number => factors[part] ?? Number.NaN;
  assert.equal(rates?.input, Math.round(RATES.input * of1('input')));
  assert.equal(rates?.cacheRead, Math.round(RATES.cacheRead * of1('cacheRead')));
  assert.equal(rates?.output, Math.round(RATES.output * of1('output')));
  assert.deepEqual([rates?.request, rates?.webSearch, rates?.groundedRequest], [17, 19, 23]);
});

test('a part that the tier does not name is billed like the whole, and cached tokens get no discount', () => {
  const { of, factors } = listed(
    ({ cacheRead, cacheWrite, inputAudio, outputAudio }) =>
      (cacheRead ?? cacheWrite ?? inputAudio ?? outputAudio) === undefined,
  );
  const [input = 1, output = input] = [factors['input'], factors['output']];
  assert.deepEqual(tieredRates(of), {
    input: Math.round(RATES.input * input),
    cacheRead: Math.round(RATES.input * input),
    cacheWrite: Math.round(RATES.cacheWrite * input),
    cacheWrite1h: Math.round(RATES.cacheWrite1h * input),
    inputAudio: Math.round(RATES.inputAudio * input),
    cacheReadAudio: Math.round(RATES.cacheReadAudio * input),
    inputImage: Math.round(RATES.inputImage * input),
    output: Math.round(RATES.output * output),
    outputAudio: Math.round(RATES.outputAudio * output),
    outputImage: Math.round(RATES.outputImage * output),
    request: 17,
    webSearch: 19,
    groundedRequest: 23,
  });
});

test('a tier has the bands and times of the standard price, and the source of both', () => {
  const { of } = listed(({ input }) => input === 0.5);
  const from: PricePeriod = {
    when: { kind: 'from', fromMs: 5 },
    bands: [aPrice(RATES), aPrice({ input: 4_000_000 }, { bandFromTokens: 1001 })],
  };
  const [tiered, unpriced] = periodsOfTier([from, { when: { kind: 'always' }, bands: null }], of);
  assert.deepEqual(tiered?.when, from.when);
  assert.deepEqual(
    tiered?.bands?.map(({ bandFromTokens, rates }) => [bandFromTokens, rates.input]),
    [
      [0, 500_000],
      [1001, 2_000_000],
    ],
  );
  assert.equal(tiered?.bands?.[0].source, `test, ${of.tier} by ${list.source} of ${list.date}`);
  assert.deepEqual(unpriced, { when: { kind: 'always' }, bands: null });
});

test('the best spelling that the list has decides, and a tier that it does not have is no price', () => {
  const { of } = listed(({ input }) => input === 0.5);
  const standard = [always(aPrice(RATES))];
  assert.equal(periodsOfTier(standard, { ...of, names: ['nobody', ...of.names] }).length, 1);
  assert.deepEqual(periodsOfTier(standard, { ...of, names: ['nobody'] }), []);
  assert.deepEqual(periodsOfTier(standard, { ...of, providerId: 'nobody' }), []);
  assert.deepEqual(periodsOfTier(standard, { ...of, tier: 'reserved' }), []);
});

test('no model of a provider is listed twice in one tier', () => {
  const keys = list.tiers.flatMap(({ provider, tier, models }) =>
    models.map((model) => `${provider} ${tier} ${model}`),
  );
  assert.equal(new Set(keys).size, keys.length);
});
