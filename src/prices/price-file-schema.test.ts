import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Check } from 'typebox/value';
import { FIELD_RULES, PriceFile } from './price-file-schema.ts';

const ENTRY = { model: 'm', input_usd_per_million: 1, output_usd_per_million: 2 };

const isEntry = (more: object): boolean => Check(PriceFile, { prices: [{ ...ENTRY, ...more }] });
const isTier = (more: object): boolean => isEntry({ tiers: [{ above_prompt_tokens: 1, ...more }] });

const entryFields = Object.keys(PriceFile.properties.prices.items.properties);
const tierFields = Object.keys(PriceFile.properties.prices.items.properties.tiers.items.properties);
const rateFields = entryFields.filter((name) => name.includes('usd_per'));

test('each field has a rule for people, and no rule is without its field', () => {
  const fields = new Set(['prices', ...entryFields, ...tierFields]);
  assert.deepEqual(Object.keys(FIELD_RULES).sort(), [...fields].sort());
});

test('a price needs a model and what input and output cost, and nothing else', () => {
  assert.ok(isEntry({}));
  for (const field of Object.keys(ENTRY)) assert.ok(!isEntry({ [field]: undefined }), field);
  assert.ok(!isEntry({ currency: 'EUR' }));
  assert.ok(!Check(PriceFile, { prices: [], more: 1 }));
});

test('each rate goes from nothing to the limit that its rule names, in a tier too', () => {
  assert.ok(rateFields.length > 10);
  for (const field of rateFields) {
    const max = Number(/to ([\d,]+)$/.exec(FIELD_RULES[field] ?? '')?.[1]?.replaceAll(',', ''));
    assert.ok(tierFields.includes(field), `a tier has no ${field}`);
    for (const is of [isEntry, isTier]) {
      assert.deepEqual(
        [0, max].map((rate) => is({ [field]: rate })),
        [true, true],
        field,
      );
      assert.deepEqual(
        [-1, max + 1, '1', null].map((rate) => is({ [field]: rate })),
        Array(4).fill(false),
        field,
      );
    }
  }
});

test('names have 1 to 255 characters, and a number is none', () => {
  for (const field of ['provider', 'model']) {
    assert.deepEqual(
      ['', 'x', 'x'.repeat(255), 'x'.repeat(256), 4].map((name) => isEntry({ [field]: name })),
      [false, true, true, false, false],
    );
  }
});

test('a date is a day or a time with its offset', () => {
  const good = ['2026-01-31', '2026-01-31T12:00Z', '2026-01-31t12:00:00z', '2026-01-31T12:00:00+02:00'];
  const bad = ['2026-01', '2026-01-31T12:00:00', '2026-01-31 12:00Z', '31.1.2026', 'x2026-01-31', 20260131];
  assert.deepEqual(
    [...good, ...bad].filter((from) => isEntry({ from })),
    good,
  );
});

test('there are at most 20 tiers, each above some tokens', () => {
  const tiers = (count: number): object => ({
    tiers: Array.from({ length: count }, () => ({ above_prompt_tokens: 1 })),
  });
  assert.deepEqual(
    [0, 20, 21].map((count) => isEntry(tiers(count))),
    [true, true, false],
  );
  const borders = [1, 100_000_000, 0, 100_000_001, 1.5];
  assert.deepEqual(
    borders.filter((above) => isTier({ above_prompt_tokens: above })),
    [1, 100_000_000],
  );
});

test('the tier of the service is one of those that prices tell apart', () => {
  const words = ['standard', 'flex', 'batch', 'priority', 'reserved', 'other', 'gold', ''];
  assert.deepEqual(
    words.filter((word) => isEntry({ service_tier: word })),
    words.slice(0, 6),
  );
});
