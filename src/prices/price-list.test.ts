import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import { libraryPeriods } from './library-prices.ts';
import { BUILT_IN_LIST, checkProviders, type PriceList, parsePriceList } from './price-list.ts';
import { changesOf } from './price-moves.ts';

const AT_MS = Date.UTC(2026, 10, 28);

const listOf = (prices: object, more: Partial<PriceList> = {}): PriceList => ({
  version: '9.9.9',
  date: '2027-01-31',
  providers: checkProviders([{ id: 'acme', models: [{ id: 'm', match: { equals: 'm' }, prices }] }]),
  ...more,
});

test('the built-in list has the version of the library that is installed', () => {
  const file = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'));
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  assert.equal(BUILT_IN_LIST.version, version);
});

test('a list that was checked and stored has the same prices as before', () => {
  const stored = parsePriceList(
    JSON.stringify({ ...BUILT_IN_LIST, providers: checkProviders(BUILT_IN_LIST.providers) }),
  );
  assert.deepEqual([stored.version, stored.date], [BUILT_IN_LIST.version, BUILT_IN_LIST.date]);
  const periodsOf = ({ providers }: PriceList) =>
    providers.flatMap(({ id, models }) =>
      models.map((model) => [model.match, libraryPeriods(id, model, BUILT_IN_LIST)]),
    );
  assert.deepEqual(periodsOf(stored), periodsOf(BUILT_IN_LIST));
  assert.deepEqual(changesOf(BUILT_IN_LIST, stored, AT_MS), { moves: [], addedModels: 0, removedModels: [] });
});

test('a book uses the list that it is given, and names its version and date', () => {
  const book = createPriceBook({ list: listOf({ input_mtok: 3 }) });
  const query = { provider: 'acme', model: 'm', atMs: AT_MS, promptTokens: 1, serviceTier: '' } as const;
  const price = book.priceOf(query);
  assert.deepEqual([price?.rates.input, price?.source], [3_000_000, 'genai-prices 9.9.9 of 2027-01-31: acme m']);
  assert.equal(book.priceOf({ ...query, provider: 'openai', model: 'gpt-4o' }), null);
});

test('what is no list of prices is refused with the field', () => {
  const model = { id: 'm', match: { equals: 'm' }, prices: { input_mtok: 1 } };
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{}, /the list must be a list/],
    [[], /the list is empty/],
    [[{ id: 1, models: [] }], /\[0\]\.id must be a text/],
    [[{ id: 'a' }], /\[0\]\.models must be a list/],
    [[{ id: 'a', models: [{ ...model, prices: { input_mtok: '1' } }] }], /prices\.input_mtok must be a number/],
    [[{ id: 'a', models: [{ ...model, prices: { input_mtok: -1 } }] }], /input_mtok must be a number from 0/],
    [[{ id: 'a', models: [{ ...model, prices: { input_mtok: 2e6 } }] }], /input_mtok must be a number from 0/],
    [[{ id: 'a', models: [{ ...model, prices: [] }] }], /prices is empty/],
    [[{ id: 'a', models: [{ ...model, match: { like: 'm' } }] }], /match is no rule/],
    [[{ id: 'a', models: [{ ...model, match: { regex: '(' } }] }], /regular expression/i],
    [
      [{ id: 'a', models: [{ ...model, prices: [{ prices: {}, constraint: { start_date: '2026-13-01' } }] }] }],
      /start_date must be a day/,
    ],
  ];
  for (const [value, message] of wrong) assert.throws(() => checkProviders(value), { message }, JSON.stringify(value));
});

test('a price that moves by more than five times, to nothing or from nothing is a large move, others are not', () => {
  const before = listOf({ input_mtok: 1, output_mtok: 10, cache_read_mtok: 0.5 });
  const after = listOf({ input_mtok: 5, output_mtok: 1.9, cache_read_mtok: 0 });
  assert.deepEqual(
    changesOf(before, after, AT_MS).moves.map(({ part, before: from, after: to, isLarge }) => [
      part,
      from,
      to,
      isLarge,
    ]),
    [
      ['input', 1_000_000, 5_000_000, false],
      ['cacheRead', 500_000, 0, true],
      ['cacheWrite', 1_000_000, 5_000_000, false],
      ['cacheWrite1h', 1_000_000, 5_000_000, false],
      ['inputAudio', 1_000_000, 5_000_000, false],
      ['cacheReadAudio', 500_000, 0, true],
      ['inputImage', 1_000_000, 5_000_000, false],
      ['output', 10_000_000, 1_900_000, true],
      ['outputAudio', 10_000_000, 1_900_000, true],
      ['outputImage', 10_000_000, 1_900_000, true],
    ],
  );
});

test('models that come and go are told', () => {
  const other = listOf(
    { input_mtok: 1 },
    {
      providers: checkProviders([{ id: 'acme', models: [{ id: 'n', match: { equals: 'n' }, prices: {} }] }]),
    },
  );
  const { addedModels, removedModels } = changesOf(listOf({ input_mtok: 1 }), other, AT_MS);
  assert.deepEqual([addedModels, removedModels], [1, ['acme m']]);
});
