import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../metrics-store/call.ts';
import {
  aBilled,
  aCall,
  callsQuery,
  commitNext,
  minute,
  repricedSums,
  SERIES,
} from '../metrics-store/contract/builders.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import type { CostCorrection } from '../metrics-store/metrics-store.ts';
import type { PriceBook, PriceQuery } from './price-book.ts';
import { aPrice } from './price-builders.contract.ts';
import { repriceSingleCalls } from './reprice-calls.ts';
import { RepricedShares } from './repriced-shares.ts';

const NO_DIMENSIONS = { names: [], valuesOf: () => [] };

const OLD_BILL = '{"source":"old","lines":[["input",10,50],["output",20,25]]}';
const { provider, model } = SERIES;

const aCorrection = (parts: Partial<CostCorrection> = {}): CostCorrection => ({
  series: SERIES,
  windowStartMs: minute(0),
  billed: aBilled({ provider, model }),
  change: repricedSums(),
  expected: repricedSums(),
  ...parts,
});

const priced = (parts: Partial<Call> = {}): Call => aCall({ bill: OLD_BILL, ...parts });

/** Input costs 7 and output 3 of the smallest unit. */
function aBook(asked: PriceQuery[] = []): PriceBook {
  return {
    priceOf(query) {
      asked.push(query);
      return aPrice({ input: 7, output: 3 }, { source: 'new' });
    },
  };
}
const NO_PRICES: PriceBook = { priceOf: () => null };
const COST = 10n * 7n + 20n * 3n;

async function repriced(
  calls: readonly Call[],
  { corrections = [aCorrection()], prices = aBook() }: { corrections?: CostCorrection[]; prices?: PriceBook } = {},
) {
  const store = new MemoryMetricsStore();
  await commitNext(store, { calls: calls.map((call) => ({ kind: 'full', call })) });
  const count = await repriceSingleCalls({ corrections, prices, shares: new RepricedShares(NO_DIMENSIONS) }, store);
  const after = await store.readCalls(callsQuery({ limit: calls.length + 1 }));
  return { count, after: new Map(after.map((call) => [call.requestId, call])) };
}

test('a call is priced for what its bill counts, and its bill says by which list', async () => {
  const { count, after } = await repriced([priced()]);
  assert.equal(count, 1);
  const call = after.get('r1');
  assert.deepEqual([call?.costPicoUsd, call?.listCostPicoUsd, call?.costSource], [COST, COST, 'list']);
  assert.equal(call?.bill, '{"source":"new","lines":[["input",10,7],["output",20,3]]}');
});

test('the price is asked for by who answered, when, in which tier and band', async () => {
  const asked: PriceQuery[] = [];
  const corrections = [aCorrection({ billed: aBilled({ provider, model: 'answered' }) })];
  const call = priced({ answeredModel: 'answered', serviceTier: 'Flex', promptTokens: 900 });
  await repriced([call], { corrections, prices: aBook(asked) });
  const { timestampMs: atMs } = call;
  assert.deepEqual(asked, [{ provider, model: 'answered', atMs, promptTokens: 900, serviceTier: 'flex' }]);
});

test('a prompt that nobody counted is as long as what was billed of it', async () => {
  const asked: PriceQuery[] = [];
  const bill = '{"source":"old","lines":[["input",10,1],["cache_read",5,1],["output",20,1]]}';
  await repriced([priced({ promptTokens: null, bill })], { prices: aBook(asked) });
  assert.equal(asked[0]?.promptTokens, 15);
});

test('only calls of the minutes and billed models that are corrected are priced again', async () => {
  const others = [
    priced({ requestId: 'before', timestampMs: minute(0) - 1 }),
    priced({ requestId: 'after', timestampMs: minute(1) }),
    priced({ requestId: 'other model', model: 'other' }),
    priced({ requestId: 'other provider', provider: 'other' }),
    priced({ requestId: 'answered by another', answeredModel: 'other' }),
    priced({ requestId: 'other tenant', tenantId: 'other' }),
  ];
  const { count, after } = await repriced([priced({ timestampMs: minute(1) - 1 }), ...others]);
  assert.equal(count, 1);
  assert.deepEqual([...after.values()].filter(({ costPicoUsd }) => costPicoUsd === COST).length, 1);
  assert.equal(after.get('r1')?.costPicoUsd, COST);
});

test('minutes between those that are corrected are left alone', async () => {
  const calls = [0, 1, 2].map((at) => priced({ requestId: `in ${at}`, timestampMs: minute(at) }));
  const corrections = [aCorrection(), aCorrection({ windowStartMs: minute(2) })];
  const { after } = await repriced(calls, { corrections });
  assert.deepEqual(
    calls.map(({ requestId }) => after.get(requestId)?.costPicoUsd),
    [COST, 1_000n, COST],
  );
});

test('what was free, was never billed or has that very cost already stays as it is', async () => {
  const calls = [
    priced({ requestId: 'free', costSource: 'free', costPicoUsd: 0n, listCostPicoUsd: 0n }),
    priced({ requestId: 'unbilled', bill: null }),
    priced({ requestId: 'unpriced', costSource: null, costPicoUsd: null, listCostPicoUsd: null }),
    priced({ requestId: 'right', costPicoUsd: COST, listCostPicoUsd: COST }),
  ];
  const { count, after } = await repriced(calls);
  assert.equal(count, 0);
  for (const call of calls) assert.deepEqual(after.get(call.requestId), call);
});

test('of a reported cost only the cost by the list beside it changes', async () => {
  for (const costSource of ['provider', 'gateway'] as const) {
    const { count, after } = await repriced([priced({ costSource, costPicoUsd: 5n })]);
    const call = after.get('r1');
    assert.deepEqual([count, call?.costPicoUsd, call?.costSource, call?.listCostPicoUsd], [1, 5n, costSource, COST]);
  }
});

test('a call whose price is gone costs nothing that is known, and keeps what was counted', async () => {
  const { after } = await repriced([priced()], { prices: NO_PRICES });
  const call = after.get('r1');
  assert.deepEqual([call?.costPicoUsd, call?.listCostPicoUsd, call?.costSource], [null, null, 'none']);
  assert.equal(call?.bill, '{"source":null,"lines":[["input",10,null],["output",20,null]]}');
});

test('no call is left out where there are more of one instant than a page holds', async () => {
  const calls = Array.from({ length: 2_001 }, (_, index) =>
    priced({ requestId: `r${String(index).padStart(4, '0')}` }),
  );
  const { count, after } = await repriced(calls);
  assert.equal(count, calls.length);
  assert.ok([...after.values()].every(({ costPicoUsd }) => costPicoUsd === COST));
});
