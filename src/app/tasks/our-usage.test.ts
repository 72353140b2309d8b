import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aBilled, aCall, aUsage, aUsageDelta, commitNext, DAY, minute } from '../../metrics-store/contract/builders.ts';
import { MemoryMetricsStore } from '../../metrics-store/memory/memory-metrics-store.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import { aPrice } from '../../prices/price-builders.contract.ts';
import { ANY_KEY, parseKeyMap } from './key-map.ts';
import { readOurSide } from './our-usage.ts';

const book: PriceBook = { priceOf: () => aPrice({ input: 3, webSearch: 1000, groundedRequest: 50, request: 7 }) };
const question = { tenantId: null, fromMs: DAY, toMs: minute(10), isTheirs: () => true, book };
const SEARCHED = { calls: 1, inputTokens: 10, requestFees: 1, webSearches: 2, groundedRequests: 1 };

test('what of a cost is for searches and for calls as such is told apart from what is for tokens', async () => {
  const store = new MemoryMetricsStore();
  const usages = [
    aUsageDelta({ usage: aUsage({ ...SEARCHED, cost: 2087n }) }),
    aUsageDelta({ windowStartMs: minute(1), usage: aUsage({ ...SEARCHED, unpricedCalls: 1 }) }),
    aUsageDelta({ windowStartMs: minute(2), billed: aBilled({ reportedBy: 'gateway' }), usage: aUsage(SEARCHED) }),
  ];
  await commitNext(store, { usages });
  const { usage } = await readOurSide(store, { ...question, keys: ANY_KEY });
  assert.deepEqual(
    usage.map(({ costPicoUsd, feesPicoUsd }) => [costPicoUsd, feesPicoUsd]),
    [
      [2087n, 2057n],
      [0n, 0n],
      [0n, 0n],
    ],
  );
});

test('by single calls the fees are those of their bills, where these are what they cost', async () => {
  const store = new MemoryMetricsStore();
  const bill = '{"source":"list","lines":[["input",10,3],["web_search",2,1000],["grounded_request",1,50]]}';
  const call = { metadata: '{"app":"a"}', bill, costPicoUsd: 2080n, costSource: 'list' } as const;
  const calls = [
    aCall({ ...call, requestId: 'r1' }),
    aCall({ ...call, requestId: 'r2', costPicoUsd: 9n, costSource: 'gateway' }),
  ];
  const usages = [aUsageDelta({ usage: aUsage({ calls: 2 }) })];
  await commitNext(store, { usages, calls: calls.map((each) => ({ kind: 'full', call: each }) as const) });
  const keys = parseKeyMap('{"by":"key","keys":{"k":{"metadata":{"app":"a"}}}}');
  const { usage } = await readOurSide(store, { ...question, keys });
  const fees = usage.map(({ costPicoUsd, feesPicoUsd }) => [Number(costPicoUsd), Number(feesPicoUsd)] as const);
  assert.deepEqual(
    new Map(fees),
    new Map([
      [9, 0],
      [2080, 2050],
    ]),
  );
});
