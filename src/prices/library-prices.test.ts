import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calcPrice, type ModelInfo, type Provider, waitForUpdate } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { BillSum, billableTokens, type ReportedTokens, writeBill } from './cost.ts';
import { libraryPeriods } from './library-prices.ts';
import { BUILT_IN_LIST } from './price-list.ts';
import { bandFor, periodAt } from './price-period.ts';

const MODELS = (await allProviders()).flatMap((provider) => provider.models.map((model) => ({ provider, model })));

async function allProviders(): Promise<readonly Provider[]> {
  return (await waitForUpdate()) ?? [];
}

function libraryCostUsd(provider: Provider, model: ModelInfo, tokens: Required<ReportedTokens>, at: Date): number {
  const alone = { ...provider, models: [{ ...model, match: { equals: 'the-model' } }] };
  const usage = {
    input_tokens: tokens.promptTokens,
    cache_read_tokens: tokens.cachedPromptTokens,
    cache_write_tokens: tokens.cacheWriteTokens,
    output_tokens: tokens.completionTokens,
    input_audio_tokens: tokens.audioPromptTokens,
    output_audio_tokens: tokens.audioCompletionTokens,
    cache_write_1h_tokens: tokens.cacheWrite1hTokens,
    cache_audio_read_tokens: tokens.cachedAudioPromptTokens,
    cache_image_read_tokens: 0,
    input_image_tokens: tokens.imagePromptTokens,
    output_image_tokens: tokens.imageCompletionTokens,
    web_searches: tokens.webSearchRequests,
  };
  const options = { provider: alone, timestamp: at };
  return calcPrice(usage, 'the-model', options)?.total_price ?? Number.NaN;
}

function ourCostUsd(provider: Provider, model: ModelInfo, tokens: Required<ReportedTokens>, at: Date): number | null {
  const bands = periodAt(libraryPeriods(provider.id, model, BUILT_IN_LIST), at.getTime())?.bands ?? null;
  if (bands === null) return null;
  const bill = new BillSum();
  writeBill(billableTokens(tokens), bandFor(bands, tokens.promptTokens).rates, bill);
  return Number(bill.sum.value) / 1e12;
}

/** Parts that fit into their whole; sizes around the thresholds of long-context tiers are likely. */
const anyTokens = fc
  .record({
    promptTokens: fc.oneof(
      fc.nat(2000),
      fc.nat(2_000_000),
      fc
        .constantFrom(32_000, 128_000, 200_000, 256_000, 272_000)
        .chain((tier) => fc.integer({ min: tier - 2, max: tier + 2 })),
    ),
    cachedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    writtenShare: fc.double({ min: 0, max: 1, noNaN: true }),
    hourlyShare: fc.double({ min: 0, max: 1, noNaN: true }),
    imageShare: fc.double({ min: 0, max: 1, noNaN: true }),
    cachedAudioShare: fc.double({ min: 0, max: 1, noNaN: true }),
    drawnShare: fc.double({ min: 0, max: 1, noNaN: true }),
    audioShare: fc.double({ min: 0, max: 1, noNaN: true }),
    completionTokens: fc.nat(100_000),
    spokenShare: fc.double({ min: 0, max: 1, noNaN: true }),
    webSearchRequests: fc.nat(3),
  })
  .map((drawn) => {
    const cachedPromptTokens = Math.floor(drawn.promptTokens * drawn.cachedShare);
    const cacheWriteTokens = Math.floor((drawn.promptTokens - cachedPromptTokens) * drawn.writtenShare);
    const rest = drawn.promptTokens - cachedPromptTokens - cacheWriteTokens;
    const freshAudio = Math.floor(rest * drawn.audioShare);
    const cachedAudioPromptTokens = Math.floor(cachedPromptTokens * drawn.cachedAudioShare);
    const audioCompletionTokens = Math.floor(drawn.completionTokens * drawn.spokenShare);
    return {
      promptTokens: drawn.promptTokens,
      cachedPromptTokens,
      cacheWriteTokens,
      cacheWrite1hTokens: Math.floor(cacheWriteTokens * drawn.hourlyShare),
      audioPromptTokens: freshAudio + cachedAudioPromptTokens,
      cachedAudioPromptTokens,
      imagePromptTokens: Math.floor((rest - freshAudio) * drawn.imageShare),
      completionTokens: drawn.completionTokens,
      webSearchRequests: drawn.webSearchRequests,
      audioCompletionTokens,
      imageCompletionTokens: Math.floor((drawn.completionTokens - audioCompletionTokens) * drawn.drawnShare),
    };
  });

const anyInstant = fc.date({ min: new Date('2023-01-01'), max: new Date('2027-12-31'), noInvalidDate: true });

/**
 * The library divides these cache prices out of others, so they end in periodic decimals. Rounded to 10^-12 USD per
 * token they are off by less than a hundred-thousandth.
 */
const ROUNDED = roundedModels();

function roundedModels(): ReadonlySet<string> {
  const isPeriodic = (price: number): boolean => Math.abs(price * 1e6 - Math.round(price * 1e6)) > 1e-4;
  const rounded = MODELS.filter(({ model }) =>
    (JSON.stringify(model.prices).match(/(?<=_mtok":)[\d.e-]+/g) ?? []).some((price) => isPeriodic(Number(price))),
  );
  return new Set(rounded.map(({ provider, model }) => `${provider.id} ${model.id}`));
}

/** Of Claude elsewhere the library has no price for writes of an hour, and takes that of five minutes. */
const isHourlyKnown = ({ id, prices }: ModelInfo): boolean =>
  !/claude/i.test(id) || JSON.stringify(prices).includes('cache_write_1h_mtok');

test('every model of the library costs what its own calcPrice says, at any date, hour and prompt size', () => {
  assert.ok(MODELS.length > 1000, `${MODELS.length} models`);
  for (const { provider, model } of MODELS) {
    const runs = Array.isArray(model.prices) || JSON.stringify(model.prices).includes('tiers') ? 300 : 20;
    const hasRoundPrices = !ROUNDED.has(`${provider.id} ${model.id}`);
    fc.assert(
      fc.property(anyTokens, anyInstant, (drawn, at) => {
        // There we know more than the library.
        const tokens = isHourlyKnown(model) ? drawn : { ...drawn, cacheWrite1hTokens: 0 };
        const ours = ourCostUsd(provider, model, tokens, at);
        if (ours === null) return;
        const theirs = libraryCostUsd(provider, model, tokens, at);
        const tokenCount = tokens.promptTokens + tokens.completionTokens;
        const allowed = hasRoundPrices ? 1e-9 * Math.max(ours, theirs) + 1e-15 : 0.5e-12 * tokenCount + 1e-15;
        assert.ok(Math.abs(ours - theirs) <= allowed, `${provider.id} ${model.id}: ours ${ours}, theirs ${theirs}`);
      }),
      { numRuns: runs },
    );
  }
});

test('a model has no price exactly where the library lists only prices for something else than tokens', () => {
  for (const { provider, model } of MODELS) {
    const lists = Array.isArray(model.prices) ? model.prices.map((entry) => entry.prices) : [model.prices];
    const isPriced = libraryPeriods(provider.id, model, BUILT_IN_LIST).map((period) => period.bands !== null);
    const billsTokens = lists.map((list) => Object.keys(list).length === 0 || /_mtok/.test(Object.keys(list).join()));
    assert.deepEqual(isPriced, billsTokens, `${provider.id} ${model.id}`);
  }
});

const DAY_AND_NIGHT: ModelInfo = {
  id: 'owl-1',
  match: { equals: 'owl-1' },
  prices: [
    { prices: { input_mtok: 2, output_mtok: 4 } },
    { constraint: { type: 'start_date', start_date: '2025-06-01' }, prices: { input_mtok: 3, output_mtok: 6 } },
    {
      constraint: { type: 'time_of_date', start_time: '22:30:00Z', end_time: '04:00:00Z' },
      prices: { input_mtok: 1, output_mtok: 2 },
    },
  ],
};

function inputRateAt(time: string): number | undefined {
  return periodAt(libraryPeriods('forest', DAY_AND_NIGHT, BUILT_IN_LIST), Date.parse(time))?.bands?.[0].rates.input;
}

test('a price with a start date holds from midnight UTC of that day on', () => {
  assert.equal(inputRateAt('2025-05-31T20:59:59.999Z'), 2_000_000);
  assert.equal(inputRateAt('2025-06-01T12:00:00Z'), 3_000_000);
});

test('a nightly price holds over midnight, from its start until before its end', () => {
  assert.equal(inputRateAt('2025-06-02T22:29:59Z'), 3_000_000);
  assert.equal(inputRateAt('2025-06-02T22:30:00Z'), 1_000_000);
  assert.equal(inputRateAt('2025-06-03T00:00:00Z'), 1_000_000);
  assert.equal(inputRateAt('2025-06-03T03:59:59Z'), 1_000_000);
  assert.equal(inputRateAt('2025-06-03T04:00:00Z'), 3_000_000);
});

test('a tier prices the whole call from the first token beyond its start', () => {
  const model: ModelInfo = {
    id: 'long-1',
    match: { equals: 'long-1' },
    prices: { input_mtok: { base: 1, tiers: [{ start: 200_000, price: 2 }] }, output_mtok: 5 },
  };
  const bands = periodAt(libraryPeriods('forest', model, BUILT_IN_LIST), 0)?.bands;
  assert.ok(bands);
  assert.equal(bandFor(bands, 200_000).rates.input, 1_000_000);
  const long = bandFor(bands, 200_001);
  assert.equal(long.rates.input, 2_000_000);
  assert.equal(long.bandFromTokens, 200_001);
  assert.equal(bandFor(bands, long.bandFromTokens), long, "asking with the band's own start finds the band again");
});

test('a model that is free costs 0 and is not unpriced', () => {
  const free: ModelInfo = { id: 'gift-1', match: { equals: 'gift-1' }, prices: {} };
  assert.equal(periodAt(libraryPeriods('forest', free, BUILT_IN_LIST), 0)?.bands?.[0].rates.input, 0);
});

test("Claude's writes for an hour cost twice the input wherever it is served, as its writes for five minutes cost 1.25", () => {
  const served = MODELS.filter(({ provider, model }) => provider.id !== 'anthropic' && /claude/i.test(model.id));
  const rates = served.flatMap(({ provider, model }) =>
    (periodAt(libraryPeriods(provider.id, model, BUILT_IN_LIST), Date.UTC(2026, 8, 1))?.bands ?? []).map(
      (band) => band.rates,
    ),
  );
  const withWrites = rates.filter(({ input, cacheWrite }) => cacheWrite > input);
  assert.ok(withWrites.length > 10, `${withWrites.length} models`);
  for (const { input, cacheWrite1h } of withWrites) assert.equal(cacheWrite1h / input, 2);
});
