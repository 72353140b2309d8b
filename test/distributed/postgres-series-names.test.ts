import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { aDelta, commitNext, metricsQuery, SERIES } from '../../src/metrics-store/contract/builders.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
let databases: TestDatabases;

describe('The names of series that a reader keeps', { skip }, () => {
  before(async () => {
    // A server of its own, which is restarted.
    databases = await openTestDatabases({ own: true });
  });
  after(() => databases?.close());

  test('hold as long as the same server answers, and are asked for again from the next one', async () => {
    const dsn = await databases.create();
    const reader = await openPostgresMetricsStore({ dsn });
    const routes = async () =>
      (await reader.readMetrics(metricsQuery({ groupBy: ['route'] }))).map(({ route }) => route);
    await commitNext(reader, { tallies: [aDelta()] });
    assert.deepEqual(await routes(), [SERIES.route]);
    // As after a restore, where the same number may be another series.
    await queryOnce(dsn, `UPDATE pairs SET route = 'restored'`);
    assert.deepEqual(await routes(), [SERIES.route]);
    await databases.server.restart();
    assert.deepEqual(await routes(), ['restored']);
    await reader.close();
  });
});
