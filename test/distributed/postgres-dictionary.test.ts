import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { aCommit, aDelta, SERIES } from '../../src/metrics-store/contract/builders.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openTestDatabases, queryOnce } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
const TENANTS = 40;
const ROUNDS = 5;

/** When a cluster met its first traffic, such deadlocks held up commits for up to ten seconds. */
test('commits that meet the same new tenants in another order do not wait for each other in a circle', {
  skip,
}, async () => {
  const databases = await openTestDatabases();
  const dsn = await databases.create();
  const store = await openPostgresMetricsStore({ dsn, poolMax: 4 });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const tallies = Array.from({ length: TENANTS }, (_, i) =>
        aDelta({ series: { ...SERIES, tenantId: `t${round}-${i}` } }),
      );
      const orders = [tallies, tallies.toReversed(), [...tallies.slice(20), ...tallies.slice(0, 20)]];
      const outcomes = await Promise.all(
        orders.map((own, partition) => store.commit(aCommit({ partition, expectedSeq: round, tallies: own }))),
      );
      assert.deepEqual(outcomes, ['applied', 'applied', 'applied']);
    }
    const [counts] = await queryOnce(
      dsn,
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    assert.equal(counts?.['deadlocks'], 0);
  } finally {
    await store.close();
    await databases.close();
  }
});
