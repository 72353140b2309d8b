import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../metrics-store/call.ts';
import {
  aBilled,
  aCall,
  aDelta,
  aDimensionDelta,
  aTally,
  aUsage,
  aUsageDelta,
  callsQuery,
  commitNext,
  metricsQuery,
  minute,
} from '../metrics-store/contract/builders.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import type { UsageQuery } from '../metrics-store/metrics-reader.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { REPRICED } from '../tally/series.ts';
import { addUsage, Usage } from '../tally/usage.ts';
import { HOUR_MS } from '../tally/window.ts';
import { billText, parseBill } from './bill.ts';
import { billableTokens } from './cost.ts';
import type { PriceBook } from './price-book.ts';
import { aPrice } from './price-builders.contract.ts';
import { type RecomputeQuery, recompute } from './recompute.ts';
import type { CallDimensions } from './repriced-shares.ts';

const ALL: RecomputeQuery = { tenantId: null, fromMs: 0, toMs: minute(3 * 24 * 60), isDryRun: false };

/** Input tokens cost `perToken`, output tokens ten times that; null prices nothing. */
function aBook(perToken: number | null): PriceBook {
  return { priceOf: () => (perToken === null ? null : aPrice({ input: perToken, output: 10 * perToken })) };
}

function run(
  store: MetricsStore,
  query: Partial<RecomputeQuery> = {},
  perToken: number | null = 2,
  dimensions?: CallDimensions,
) {
  const summed = dimensions === undefined ? {} : { dimensions };
  const ports = { nowMs: () => 900, onPages: () => undefined, onPageDone: () => undefined, ...summed };
  return recompute({ ...ALL, ...query }, { store, prices: aBook(perToken), ...ports });
}

/** One call with 100 input tokens at a cost of 100, in the given minute. */
async function countOne(store: MetricsStore, windowStartMs = minute(0)): Promise<void> {
  await commitNext(store, {
    tallies: [aDelta({ windowStartMs, tally: aTally({ requests: 1, completed: 1, pricedByList: 1, cost: 100n }) })],
    usages: [aUsageDelta({ windowStartMs, usage: aUsage({ calls: 1, listCalls: 1, inputTokens: 100, cost: 100n }) })],
  });
}

async function storedCost(store: MetricsStore): Promise<bigint | undefined> {
  const [row] = await store.readMetrics(metricsQuery({ stepMs: HOUR_MS, order: 'asc' }));
  return row?.tally.costPicoUsd.value;
}

test('a dry run tells the difference and changes nothing', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  const report = await run(store, { isDryRun: true });
  assert.equal(report.models[0]?.differencePicoUsd, 100n);
  assert.equal(report.correctedRows, 1);
  assert.equal(await storedCost(store), 100n);
});

test('a recompute corrects the sums, and the next one finds nothing to do', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  await countOne(store, minute(70));
  const report = await run(store);
  assert.deepEqual([report.models[0]?.oldPicoUsd, report.models[0]?.newPicoUsd, report.models.length], [200n, 400n, 1]);
  assert.equal(report.correctedRows, 2);
  assert.equal(await storedCost(store), 200n);
  assert.equal((await run(store)).correctedRows, 0);
});

test('searches of the web are priced again, in the sums as in the calls, from a list without their fee to one with it', async () => {
  const store = new MemoryMetricsStore();
  const tokens = billableTokens({
    promptTokens: 100,
    cachedPromptTokens: 0,
    cacheWriteTokens: 0,
    completionTokens: 0,
    webSearchRequests: 3,
  });
  const free = aPrice({ input: 1 });
  const call = aCall({ bill: billText(tokens, free), costPicoUsd: 100n, listCostPicoUsd: 100n, costSource: 'list' });
  const { webSearches, groundedRequests } = tokens;
  const usage = aUsage({ calls: 1, listCalls: 1, inputTokens: 100, webSearches, groundedRequests, cost: 100n });
  await commitNext(store, {
    tallies: [aDelta({ tally: aTally({ requests: 1, completed: 1, pricedByList: 1, cost: 100n }) })],
    usages: [aUsageDelta({ billed: aBilled({ provider: call.provider, model: call.model }), usage })],
    calls: [{ kind: 'full', call }],
  });
  const prices = { priceOf: () => aPrice({ input: 1, webSearch: 1000, groundedRequest: 50 }) };
  const ports = { store, prices, nowMs: () => 900, onPages: () => undefined, onPageDone: () => undefined };
  assert.equal((await recompute(ALL, ports)).correctedRows, 1);
  assert.equal(await storedCost(store), 3150n);
  const [after] = await store.readCalls(callsQuery());
  assert.equal(after?.costPicoUsd, 3150n);
  assert.deepEqual(parseBill(after?.bill ?? '').lines.slice(1), [
    { part: 'web_search', count: 3, rate: 1000 },
    { part: 'grounded_request', count: 1, rate: 50 },
  ]);
});

test('calls that lose their price are told apart from calls that cost nothing', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  const report = await run(store, {}, null);
  assert.deepEqual([report.models[0]?.unpricedCallsBefore, report.models[0]?.unpricedCallsAfter], [0, 1]);
  assert.equal(await storedCost(store), 0n);
});

test('two recomputes at once correct each row once', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  const reports = await Promise.all([run(store), run(store)]);
  assert.equal(await storedCost(store), 200n);
  assert.equal(reports[0].correctedRows + reports[1].correctedRows, 1);
});

test('a call that is counted between reading and correcting is priced as well', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  const readUsage = store.readUsage.bind(store);
  let reads = 0;
  store.readUsage = async (query: UsageQuery) => {
    const rows = structuredRows(await readUsage(query));
    if (rows.length > 0 && reads++ === 0) await countOne(store);
    return rows;
  };
  const report = await run(store);
  assert.equal(await storedCost(store), 400n);
  assert.equal(report.missedRows, 0);
});

test('a row that changes at every attempt is told, not given up silently', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  const readUsage = store.readUsage.bind(store);
  store.readUsage = async (query: UsageQuery) => {
    const rows = structuredRows(await readUsage(query));
    if (rows.length > 0) await countOne(store);
    return rows;
  };
  assert.equal((await run(store)).missedRows, 1);
});

test('usage is read an hour at a time, and only on days that have some', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  await countOne(store, minute(2 * 24 * 60));
  const asked: UsageQuery[] = [];
  const readUsage = store.readUsage.bind(store);
  store.readUsage = async (query: UsageQuery) => {
    asked.push(query);
    return readUsage(query);
  };
  await run(store, { isDryRun: true });
  assert.equal(asked.length, 48);
  assert.ok(asked.every(({ fromMs, toMs }) => toMs - fromMs <= HOUR_MS));
});

test('a range inside an hour leaves the minutes around it alone', async () => {
  const store = new MemoryMetricsStore();
  for (const index of [0, 1, 2]) await countOne(store, minute(index));
  const report = await run(store, { fromMs: minute(1), toMs: minute(2) });
  assert.equal(report.correctedRows, 1);
  assert.equal(await storedCost(store), 400n);
});

test('a recompute for one tenant leaves the others alone', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  assert.equal((await run(store, { tenantId: 'nobody' })).models.length, 0);
  assert.equal(await storedCost(store), 100n);
});

test('single calls of a corrected minute get their new cost, free ones keep theirs', async () => {
  const store = new MemoryMetricsStore();
  await countOne(store);
  const bill = billText(billableTokens({ ...ONE_CALL, promptTokens: 100 }), aPrice({ input: 1 }));
  const call = aCall({ answeredModel: 'gpt-2025', costPicoUsd: 100n, listCostPicoUsd: 100n, bill });
  const calls = [
    call,
    { ...call, requestId: 'free', costPicoUsd: 0n, costSource: 'free' as const, bill: null },
    { ...call, requestId: 'other', answeredModel: 'x' },
    { ...call, requestId: 'charged', costPicoUsd: 7n, reportedCostPicoUsd: 7n, costSource: 'provider' as const },
  ];
  await commitNext(store, { calls: calls.map((each) => ({ kind: 'full', call: each })) });
  const report = await run(store);
  assert.equal(report.correctedCalls, 2);
  const stored = await Promise.all(calls.map(({ requestId }) => store.readCall('acme', requestId)));
  assert.deepEqual(
    stored.map((each) => [each?.costPicoUsd, each?.listCostPicoUsd]),
    [
      [200n, 200n],
      [0n, 100n],
      [100n, 100n],
      [7n, 200n],
    ],
  );
  assert.equal(parseBill(stored[0]?.bill ?? '').lines[0]?.rate, 2);
});

test('a single call with audio is priced again by what it was billed for', async () => {
  const store = new MemoryMetricsStore();
  const tokens = billableTokens({ ...ONE_CALL, promptTokens: 100, audioPromptTokens: 50 });
  await commitNext(store, {
    tallies: [aDelta()],
    usages: [aUsageDelta({ usage: aUsage({ calls: 1, inputTokens: 50, inputAudioTokens: 50, cost: 7n }) })],
    calls: [
      { kind: 'full', call: aCall({ answeredModel: 'gpt-2025', costPicoUsd: 7n, bill: billText(tokens, null) }) },
    ],
  });
  assert.equal((await run(store)).correctedCalls, 1);
  assert.equal((await store.readCall('acme', 'r1'))?.costPicoUsd, 100n);
});

for (const { kept, expected } of [
  { kept: ['a', 'b', 'c'], expected: { u1: 400n, u2: 200n } },
  { kept: ['a', 'b'], expected: { u1: 200n, u2: 100n, [REPRICED]: 300n } },
]) {
  test(`with ${kept.length} of three calls kept, what they cost more is of ${kept.length === 3 ? 'their users' : 'nobody'}`, async () => {
    const store = new MemoryMetricsStore();
    for (let calls = 0; calls < 3; calls++) await countOne(store);
    const users = ['u1', 'u1', 'u2'];
    const tally = aTally({ requests: 1, completed: 1, pricedByList: 1, cost: 100n });
    const bill = billText(billableTokens({ ...ONE_CALL, promptTokens: 100 }), aPrice({ input: 1 }));
    const call = aCall({ answeredModel: 'gpt-2025', costPicoUsd: 100n, listCostPicoUsd: 100n, bill });
    const calls = ['a', 'b', 'c'].map((requestId, at) => ({ ...call, requestId, userIdHash: users[at] ?? null }));
    await commitNext(store, {
      dimensions: users.map((value) => aDimensionDelta({ value, tally })),
      calls: calls.filter(({ requestId }) => kept.includes(requestId)).map((each) => ({ kind: 'full', call: each })),
    });
    const dimensions = { names: ['user'], valuesOf: (each: Call) => [each.userIdHash ?? ''] };
    await run(store, {}, 2, dimensions);
    const query = { stepMs: HOUR_MS, groupBy: ['dimension'], dimension: { name: 'user', value: null } } as const;
    const rows = await store.readMetrics(metricsQuery(query));
    assert.deepEqual(
      Object.fromEntries(rows.map(({ value, tally: sums }) => [value, sums.costPicoUsd.value])),
      expected,
    );
    assert.equal(await storedCost(store), 600n);
  });
}

const ONE_CALL = { promptTokens: 0, cachedPromptTokens: 0, cacheWriteTokens: 0, completionTokens: 0 };

function copyOf(usage: Usage): Usage {
  const copy = new Usage();
  addUsage(copy, usage);
  return copy;
}

/** A copy, as the SQL stores give one: the memory store hands out its own sums. */
function structuredRows(rows: Awaited<ReturnType<MetricsStore['readUsage']>>) {
  return rows.map((row) => ({ ...row, usage: copyOf(row.usage) }));
}
