import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { aCommit, aDelta, anEvaluation, commitOne, SERIES } from '../../src/metrics-store/contract/builders.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import type { Series } from '../../src/tally/series.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
const SERIES_COUNT = 40;
const ROUNDS = 5;

suite('Commits that meet something new in another order do not wait for each other in a circle', { skip }, () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await openTestDatabases();
  });
  after(() => databases?.close());

  /** Commits the series of each round in three orders at the same time. */
  async function assertNoDeadlock(seriesOf: (round: number, i: number) => Partial<Series>): Promise<void> {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn, poolMax: 4 });
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const tallies = Array.from({ length: SERIES_COUNT }, (_, i) =>
          aDelta({ series: { ...SERIES, ...seriesOf(round, i) } }),
        );
        const orders = [tallies, tallies.toReversed(), [...tallies.slice(20), ...tallies.slice(0, 20)]];
        const outcomes = await Promise.all(
          orders.map((own, partition) => commitOne(store, aCommit({ partition, expectedSeq: round, tallies: own }))),
        );
        assert.deepEqual(outcomes, ['applied', 'applied', 'applied']);
      }
      assert.equal(await deadlocksIn(dsn), 0);
    } finally {
      await store.close();
    }
  }

  test('new names and labels of evaluations', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn, poolMax: 4 });
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const evaluations = Array.from({ length: SERIES_COUNT }, (_, i) =>
          anEvaluation({
            tenantId: `t${i % 3}`,
            name: i % 2 === 0 ? `n${i}` : `n${round}-${i}`,
            tally: { labels: new Map([[`l${round}`, 1]]) },
          }),
        );
        const orders = [evaluations, evaluations.toReversed(), [...evaluations.slice(20), ...evaluations.slice(0, 20)]];
        await Promise.all(
          orders.map((own, partition) =>
            commitOne(store, aCommit({ partition, expectedSeq: round, evaluations: own })),
          ),
        );
      }
      assert.equal(await deadlocksIn(dsn), 0);
    } finally {
      await store.close();
    }
  });

  /** When a cluster met its first traffic, such deadlocks held up commits for up to ten seconds. */
  test('new tenants', () => assertNoDeadlock((round, i) => ({ tenantId: `t${round}-${i}` })));

  test('new routes of one tenant', () => assertNoDeadlock((round, i) => ({ route: `r${round}-${i}` })));

  /** Each one locks its pair: in the order of arrival two commits locked each other out. */
  test('new providers of routes that are known', () =>
    assertNoDeadlock((round, i) => ({ route: `r${i}`, provider: `p${round}` })));

  test('new providers of known routes beside new routes of the same tenants', () =>
    assertNoDeadlock((round, i) => ({
      tenantId: `t${i % 3}`,
      route: i % 2 === 0 ? `r${i}` : `r${round}-${i}`,
      provider: `p${round}`,
    })));
});

async function deadlocksIn(dsn: string): Promise<unknown> {
  const sql = 'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()';
  return (await queryOnce(dsn, sql))[0]?.['deadlocks'];
}
