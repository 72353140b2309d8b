import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CostCorrection } from '../metrics-store.ts';
import {
  aBilled,
  aCall,
  aDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  DAY,
  metricsQuery,
  minute,
  type OpenStore,
  repricedSums,
  SERIES,
} from './builders.ts';

/** Corrections made from one reading are applied once, whoever else writes meanwhile. */
export function repricingContract(open: OpenStore): void {
  test('a correction that was applied already is not applied again', async () => {
    const store = await openWithCost(open, 10n);
    assert.equal(await store.reprice([aCorrection()], 500), 1);
    assert.equal(await store.reprice([aCorrection()], 600), 0);
    const [row] = await store.readMetrics(metricsQuery());
    assert.equal(row?.tally.costPicoUsd.value, 17n);
    await store.close();
  });

  test('a correction made before another call was counted waits for the next reading', async () => {
    const store = await openWithCost(open, 10n);
    await commitNext(store, {
      tallies: [aDelta({ tally: aTally({ requests: 1, cost: 5n }) })],
      usages: [aUsageDelta({ usage: aUsage({ calls: 1, cost: 5n }) })],
    });
    assert.equal(await store.reprice([aCorrection()], 500), 0);
    const [usage] = await store.readUsage({ tenantId: null, fromMs: DAY, toMs: minute(5) });
    assert.equal(usage?.usage.costPicoUsd.value, 15n);
    await store.close();
  });

  test('of two corrections made from one reading at the same time one is applied', async () => {
    const store = await openWithCost(open, 10n);
    const applied = await Promise.all([store.reprice([aCorrection()], 500), store.reprice([aCorrection()], 500)]);
    assert.equal(applied[0] + applied[1], 1);
    const [usage] = await store.readUsage({ tenantId: null, fromMs: DAY, toMs: minute(5) });
    assert.equal(usage?.usage.costPicoUsd.value, 17n);
    await store.close();
  });

  test('a single call gets its new cost, priced before or not', async () => {
    const store = await open();
    const unpriced = aCall({ requestId: 'r2', costPicoUsd: null, listCostPicoUsd: null, costSource: 'none' });
    await commitNext(store, { calls: [aCall(), unpriced].map((call) => ({ kind: 'full', call })) });
    await store.repriceCalls([
      { ...aCall(), costPicoUsd: null, expectedPicoUsd: 1000n },
      { ...unpriced, ...PRICE, expectedPicoUsd: null },
      { ...aCall({ tenantId: 'nobody' }), expectedPicoUsd: null },
    ]);
    assert.equal((await store.readCall('acme', 'r1'))?.costPicoUsd, null);
    assert.deepEqual(await store.readCall('acme', 'r2'), { ...unpriced, ...PRICE });
    await store.close();
  });

  test('a single call whose cost changed meanwhile keeps it', async () => {
    const store = await open();
    await commitNext(store, { calls: [{ kind: 'full', call: aCall({ costPicoUsd: 3n }) }] });
    await store.repriceCalls([{ ...aCall(), costPicoUsd: 9n, expectedPicoUsd: 1000n }]);
    assert.equal((await store.readCall('acme', 'r1'))?.costPicoUsd, 3n);
    await store.repriceCalls([]);
    await store.close();
  });
}

const PRICE = {
  costPicoUsd: 2n ** 60n,
  listCostPicoUsd: 2n ** 60n + 1n,
  costSource: 'file',
  bill: '{"source":"prices.yaml line 1","lines":[]}',
} as const;

async function openWithCost(open: OpenStore, cost: bigint) {
  const store = await open();
  await commitNext(store, {
    tallies: [aDelta({ tally: aTally({ requests: 1, cost }) })],
    usages: [aUsageDelta({ usage: aUsage({ calls: 1, cost }) })],
  });
  return store;
}

function aCorrection(): CostCorrection {
  const change = repricedSums({ costPicoUsd: 7n });
  return {
    series: SERIES,
    windowStartMs: minute(0),
    billed: aBilled(),
    change,
    expected: repricedSums({ costPicoUsd: 10n }),
  };
}
