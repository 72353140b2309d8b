import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import {
  aCommit,
  aDelta,
  aTally,
  changesQuery,
  commitNext,
  metricsQuery,
  minute,
  SERIES,
} from '../../src/metrics-store/contract/builders.ts';
import { MetricsStoreError } from '../../src/metrics-store/metrics-store-error.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
let databases: TestDatabases;
let migrated: string;

/** Each names the same rows in another order. */
function shuffled(seed: number) {
  const deltas = Array.from({ length: 40 }, (_, i) =>
    aDelta({
      series: { ...SERIES, route: `r${i % 8}` },
      windowStartMs: minute(i % 5),
      tally: aTally({ requests: 1, latenciesMs: [i] }),
    }),
  );
  return deltas
    .map((delta, i) => ({ delta, rank: (i * (2 * seed + 1) * 7) % 41 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ delta }) => delta);
}

describe('Several processors on one Postgres', { skip }, () => {
  before(async () => {
    // A server of its own: it is restarted.
    databases = await openTestDatabases({ own: true });
    migrated = await databases.create();
    await migratePostgres({ dsn: migrated });
  });
  after(() => databases?.close());

  test('add into the same rows in any order without a deadlock, and every delta counts once', async () => {
    const dsn = await databases.create(migrated);
    const stores = await Promise.all(Array.from({ length: 5 }, () => openPostgresMetricsStore({ dsn, poolMax: 2 })));
    await Promise.all(
      stores.map(async (store, partition) => {
        for (let i = 0; i < 12; i++) {
          const commit = aCommit({ partition, expectedSeq: i, tallies: shuffled(partition + i) });
          assert.equal(await store.commit(commit), 'applied');
        }
      }),
    );
    const [first] = stores;
    const rows = (await first?.readMetrics(metricsQuery())) ?? [];
    assert.equal(rows.length, 40);
    assert.equal(
      rows.reduce((sum, row) => sum + row.tally.requests, 0),
      5 * 12 * 40,
    );
    assert.equal(
      rows.reduce((sum, row) => sum + row.tally.latency.count, 0),
      5 * 12 * 40,
    );
    const changes = (await first?.readChanges(changesQuery())) ?? [];
    assert.ok(changes.every((row) => row.revision === 60));
    const [counts] = await queryOnce(
      dsn,
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    assert.equal(counts?.['deadlocks'], 0);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('that meet new series at the same time agree about them and about the limit', async () => {
    const dsn = await databases.create(migrated);
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openPostgresMetricsStore({ dsn, maxSeriesPerTenant: 3 })),
    );
    const tallies = Array.from({ length: 10 }, (_, i) => aDelta({ series: { ...SERIES, route: `r${i}` } }));
    await Promise.all(stores.map((store, partition) => store.commit(aCommit({ partition, tallies }))));
    const rows = (await stores[0]?.readMetrics(metricsQuery())) ?? [];
    assert.deepEqual(
      rows.map((row) => [row.route, row.tally.requests]),
      [
        ['__overflow__', 28],
        ['r0', 4],
        ['r1', 4],
        ['r2', 4],
      ],
    );
    await Promise.all(stores.map((store) => store.close()));
  });

  test('publish while others commit: the last revision of every row is published, whatever came in between', async () => {
    const dsn = await databases.create(migrated);
    const [writer, publisher] = await Promise.all([
      openPostgresMetricsStore({ dsn }),
      openPostgresMetricsStore({ dsn }),
    ]);
    const published = new Map<number, number>();
    const publish = async (): Promise<number> => {
      const rows = await publisher.unpublishedRows(3);
      for (const row of rows) {
        assert.ok(row.revision > (published.get(row.windowStartMs) ?? 0), 'a revision never shrinks');
        published.set(row.windowStartMs, row.revision);
      }
      await publisher.markRowsPublished(rows);
      return rows.length;
    };
    const state = { isWriting: true };
    const writing = (async () => {
      for (let i = 0; i < 80; i++) await commitNext(writer, { tallies: [aDelta({ windowStartMs: minute(i % 7) })] });
      state.isWriting = false;
    })();
    while (state.isWriting || (await publish()) > 0) await publish();
    await writing;
    while ((await publish()) > 0);
    const changes = await writer.readChanges(changesQuery());
    assert.deepEqual(
      new Map(changes.map((row) => [row.windowStartMs, row.revision])),
      new Map([...published].sort(([a], [b]) => a - b)),
    );
    await Promise.all([writer.close(), publisher.close()]);
  });

  test('find their way back after the server restarts, and a commit sent again counts once', async () => {
    const dsn = await databases.create(migrated);
    const store = await openPostgresMetricsStore({ dsn });
    let lost = 0;
    const state = { isDone: false };
    const committing = (async () => {
      for (let seq = 0; seq < 150 || !state.isDone; seq++) {
        const commit = aCommit({ expectedSeq: seq, token: `t${seq}`, tallies: [aDelta()] });
        for (;;) {
          try {
            assert.equal(await store.commit(commit), 'applied');
            break;
          } catch (error) {
            assert.ok(error instanceof MetricsStoreError && error.code === 'unavailable', String(error));
            lost++;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      }
    })();
    for (let i = 0; i < 3; i++) await databases.server.restart();
    state.isDone = true;
    await committing;
    const progress = await store.loadProgress(0);
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, progress?.seq);
    assert.ok(lost > 0, 'the restart was noticed');
    await store.close();
  });
});
