import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aBilled, aUsage, minute, SERIES } from '../../metrics-store/contract/builders.ts';
import type { UsageRow } from '../../metrics-store/metrics-reader.ts';
import type { Price, PriceBook, Rates } from '../../prices/price-book.ts';
import { allot, type FocusCharge, FocusCharges } from './focus-charges.ts';

const RATES: Rates = {
  input: 100,
  cacheRead: 10,
  cacheWrite: 0,
  cacheWrite1h: 0,
  inputAudio: 0,
  cacheReadAudio: 0,
  inputImage: 0,
  output: 400,
  outputAudio: 0,
  outputImage: 0,
  request: 0,
  webSearch: 7_000,
  groundedRequest: 0,
};
const PRICE: Price = { rates: RATES, bandFromTokens: 0, kind: 'list', source: 'list 1 of today' };
const BOOK: PriceBook = { priceOf: ({ model }) => (model === 'gpt-2025' ? PRICE : null) };
const PERIOD = { fromMs: minute(0), toMs: minute(60) };

function chargesOf(rows: readonly Partial<UsageRow>[]): readonly FocusCharge[] {
  const charges = new FocusCharges(PERIOD, BOOK);
  for (const row of rows) {
    charges.add({ ...SERIES, windowStartMs: minute(0), billed: aBilled(), usage: aUsage({}), ...row });
  }
  return charges.finish();
}

const brief = (charge: FocusCharge) => [
  charge.part,
  charge.pricingQuantity,
  charge.unitPricePicoUsd,
  charge.listCostPicoUsd,
  charge.billedCostPicoUsd,
  charge.costSource,
  charge.requests,
  charge.price?.source ?? null,
];

test('what was priced by the list is a charge for each part, at its price', () => {
  const usage = () =>
    aUsage({ calls: 2, inputTokens: 10, cacheReadTokens: 5, outputTokens: 3, listCalls: 2, cost: 2_250n });
  assert.deepEqual(chargesOf([{ usage: usage() }, { usage: usage(), windowStartMs: minute(1) }]).map(brief), [
    ['input', 20, 100n, 2_000n, 2_000n, 'list', 4, 'list 1 of today'],
    ['cache_read', 10, 10n, 100n, 100n, 'list', null, 'list 1 of today'],
    ['output', 6, 400n, 2_400n, 2_400n, 'list', null, 'list 1 of today'],
  ]);
});

test('what a provider said it charged is shared out as the list would have it, and adds up', () => {
  const usage = aUsage({ calls: 1, inputTokens: 10, outputTokens: 5, cost: 1_000n, listCost: 3_000n });
  assert.deepEqual(chargesOf([{ usage, billed: aBilled({ reportedBy: 'provider' }) }]).map(brief), [
    ['input', 10, 100n, 1_000n, 334n, 'provider', 1, 'list 1 of today'],
    ['output', 5, 400n, 2_000n, 666n, 'provider', null, 'list 1 of today'],
  ]);
});

test('searches of the web are a charge of their own, by the search', () => {
  const usage = aUsage({ calls: 2, inputTokens: 10, webSearches: 3, groundedRequests: 1, listCalls: 2, cost: 22_000n });
  const charges = chargesOf([{ usage }]);
  assert.deepEqual(charges.map(brief), [
    ['input', 10, 100n, 1_000n, 1_000n, 'list', 2, 'list 1 of today'],
    ['web_search', 3, 7_000n, 21_000n, 21_000n, 'list', null, 'list 1 of today'],
  ]);
  assert.deepEqual([charges[1]?.pricedBy, charges[1]?.consumed, charges[1]?.consumedQuantity], ['search', 'search', 3]);
  const [whole] = chargesOf([{ usage: aUsage({ calls: 1, inputTokens: 10, webSearches: 3, listCalls: 1, cost: 5n }) }]);
  assert.deepEqual([whole?.part, whole?.consumedQuantity], ['mixed', 10], 'a search is no token');
});

test('a charge whose price has changed since is one for all its tokens, and names no list', () => {
  const usage = aUsage({ calls: 1, inputTokens: 10, outputTokens: 5, listCalls: 1, cost: 9_999n });
  const [charge, ...others] = chargesOf([{ usage }]);
  assert.deepEqual(others, []);
  assert.deepEqual(brief(charge as FocusCharge), ['mixed', 1, 9_999n, 9_999n, 9_999n, 'list', 1, null]);
  assert.equal(charge?.consumedQuantity, 15);
});

test('calls without a known cost and free ones are charges of 0 that say so', () => {
  const unknown = aUsage({ calls: 3, unpricedCalls: 3, inputTokens: 10 });
  assert.deepEqual(chargesOf([{ usage: unknown, billed: aBilled({ model: 'new' }) }]).map(brief), [
    ['unpriced', 3, 0n, 0n, 0n, 'none', 3, null],
  ]);
  const mixed = aUsage({
    calls: 4,
    freeCalls: 1,
    unknownCalls: 1,
    unpricedCalls: 1,
    inputTokens: 1,
    listCalls: 2,
    cost: 100n,
  });
  assert.deepEqual(
    chargesOf([{ usage: mixed }]).map(({ part, requests, costSource }) => [part, requests, costSource]),
    [
      ['input', 2, 'list'],
      ['unpriced', 1, 'none'],
      ['free', 1, 'free'],
    ],
  );
});

test('whatever was used, charges add up to its cost and its calls', () => {
  const count = fc.integer({ min: 0, max: 50 });
  const row = fc.record({
    calls: count,
    free: count,
    unpriced: count,
    input: count,
    output: count,
    cost: fc.bigInt({ min: 0n, max: 10n ** 20n }),
    isListed: fc.boolean(),
    reportedBy: fc.constantFrom('' as const, 'provider' as const, 'gateway' as const),
    tenantId: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (made) => {
      const rows = made.map(({ calls, free, unpriced, input, output, isListed, ...one }) => {
        const listCost = BigInt(input * 100 + output * 400);
        const isFree = calls === 0;
        const usage = aUsage({
          calls: calls + free + unpriced,
          freeCalls: free,
          unpricedCalls: unpriced,
          inputTokens: input,
          outputTokens: output,
          cost: isFree ? 0n : isListed && one.reportedBy === '' ? listCost : one.cost,
          listCost: isListed ? listCost : one.cost,
        });
        return { usage, tenantId: one.tenantId, billed: aBilled({ reportedBy: one.reportedBy }) };
      });
      const charges = chargesOf(rows);
      const sum = (of: (charge: FocusCharge) => bigint) => charges.reduce((total, charge) => total + of(charge), 0n);
      assert.equal(
        sum(({ billedCostPicoUsd }) => billedCostPicoUsd),
        rows.reduce((total, { usage }) => total + usage.costPicoUsd.value, 0n),
      );
      assert.equal(
        sum(({ requests }) => BigInt(requests ?? 0)),
        rows.reduce((total, { usage }) => total + BigInt(usage.calls), 0n),
      );
      for (const charge of charges) {
        assert.equal(BigInt(charge.pricingQuantity) * charge.unitPricePicoUsd, charge.listCostPicoUsd);
      }
    }),
  );
});

test('what charges cost by the list is the same however their minutes are put together', () => {
  const billed = aBilled({ model: 'new', reportedBy: 'provider' });
  const known = { usage: aUsage({ calls: 1, inputTokens: 10, cost: 1_000n, listCost: 3_000n }), billed };
  const unknown = { usage: aUsage({ calls: 1, unknownCalls: 1, cost: 500n, listCost: 0n }), billed };
  const listCostOf = (rows: readonly Partial<UsageRow>[]) =>
    chargesOf(rows).reduce((sum, { listCostPicoUsd }) => sum + listCostPicoUsd, 0n);
  assert.equal(listCostOf([known, unknown]), listCostOf([known]) + listCostOf([unknown]));
});

test('an amount in parts adds up to itself', () => {
  assert.deepEqual(allot(10n, [1n, 1n, 1n]), [4n, 3n, 3n]);
  assert.deepEqual(allot(10n, [0n, 0n]), [10n, 0n]);
  assert.deepEqual(allot(0n, [5n]), [0n]);
});
