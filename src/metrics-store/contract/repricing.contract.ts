import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NONE, OVERFLOW, REPRICED } from '../../tally/series.ts';
import { DAY_MS, HOUR_MS } from '../../tally/window.ts';
import type { CostCorrection, RepricedShare } from '../metrics-store.ts';
import {
  aBilled,
  aCall,
  aDelta,
  aDimensionDelta,
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

  test('a change is under the values whose calls it is of, where these are all known, and else is of nobody', async () => {
    for (const { name, shares, expected } of SHARED) {
      const store = await open();
      const values = ['u1', 'u2', NONE];
      const tally = aTally({ requests: 1, cost: 10n });
      await commitNext(store, {
        tallies: [aDelta({ tally: aTally({ requests: 3, cost: 30n }) })],
        usages: [aUsageDelta({ usage: aUsage({ calls: 3, cost: 30n }) })],
        dimensions: [
          ...values.map((value) => aDimensionDelta({ value, tally })),
          aDimensionDelta({ dimension: 'team', value: 't', tally: aTally({ requests: 3, cost: 30n }) }),
          aDimensionDelta({ dimension: 'app', value: OVERFLOW, tally: aTally({ requests: 3, cost: 30n }) }),
        ],
      });
      const correction = { ...aCorrection(), expected: repricedSums({ costPicoUsd: 30n }) };
      assert.equal(await store.reprice([correction], 500, shares.map(aShare)), 1, name);
      for (const stepMs of [HOUR_MS, DAY_MS]) {
        const costsOf = async (dimension: string) => {
          const query = { stepMs, groupBy: ['dimension'], dimension: { name: dimension, value: null } } as const;
          const rows = await store.readMetrics(metricsQuery(query));
          return Object.fromEntries(rows.map(({ value, tally: sums }) => [value, sums.costPicoUsd.value]));
        };
        assert.deepEqual(await costsOf('user'), expected, name);
        assert.deepEqual(await costsOf('team'), { t: 30n, [REPRICED]: 7n }, 'nobody said whose');
      }
      await store.close();
    }
  });

  test('what was counted beyond the limit of its day changes there, and what was not counted is of nobody', async () => {
    const store = await open();
    await commitNext(store, {
      tallies: [aDelta({ tally: aTally({ requests: 2, cost: 10n }) })],
      usages: [aUsageDelta({ usage: aUsage({ calls: 2, cost: 10n }) })],
      dimensions: ['app', 'team'].flatMap((dimension) => [
        aDimensionDelta({ dimension, value: 'seen', tally: aTally({ requests: 1, cost: 5n }) }),
        aDimensionDelta({ dimension, value: dimension === 'app' ? OVERFLOW : NONE, tally: aTally({ cost: 5n }) }),
      ]),
    });
    const shares = ['app', 'team'].flatMap((dimension) => [
      aShare({ dimension, value: 'seen', cost: 3n }),
      aShare({ dimension, value: 'late', cost: 4n }),
    ]);
    assert.equal(await store.reprice([aCorrection()], 500, shares), 1);
    const costsOf = async (name: string) => {
      const query = { stepMs: DAY_MS, groupBy: ['dimension'], dimension: { name, value: null } } as const;
      const rows = await store.readMetrics(metricsQuery(query));
      return Object.fromEntries(rows.map(({ value, tally }) => [value, tally.costPicoUsd.value]));
    };
    assert.deepEqual(await costsOf('app'), { [OVERFLOW]: 9n, seen: 8n });
    assert.deepEqual(await costsOf('team'), { [NONE]: 5n, [REPRICED]: 4n, seen: 8n });
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

interface Share {
  readonly dimension?: string;
  readonly value: string;
  readonly cost: bigint;
}

const SHARED: readonly { name: string; shares: readonly Share[]; expected: Readonly<Record<string, bigint>> }[] = [
  {
    name: 'all are known',
    shares: [
      { value: 'u1', cost: 9n },
      { value: 'u2', cost: -2n },
    ],
    expected: { u1: 19n, u2: 8n, [NONE]: 10n },
  },
  {
    name: 'some are not',
    shares: [{ value: 'u1', cost: 6n }],
    expected: { u1: 10n, u2: 10n, [NONE]: 10n, [REPRICED]: 7n },
  },
  { name: 'none is', shares: [], expected: { u1: 10n, u2: 10n, [NONE]: 10n, [REPRICED]: 7n } },
];

function aShare({ dimension = 'user', value, cost }: Share): RepricedShare {
  return { series: SERIES, windowStartMs: minute(0), dimension, value, change: repricedSums({ costPicoUsd: cost }) };
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
