import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import type { Progress } from '../../src/metrics-store/commit.ts';
import {
  aCommit,
  aDelta,
  aTally,
  changesQuery,
  commitNext,
  commitOne,
  metricsQuery,
  minute,
  SERIES,
} from '../../src/metrics-store/contract/builders.ts';
import type { MetricsStore } from '../../src/metrics-store/metrics-store.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
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

async function deadlocksIn(dsn: string): Promise<unknown> {
  const [counts] = await queryOnce(
    dsn,
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return counts?.['deadlocks'];
}

/** Asks again while the server is away, as the processor does. */
async function insist<T>(work: () => Promise<T>, seen: { lost: number }): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      assert.ok(error instanceof StorageError && error.code === 'unavailable', String(error));
      seen.lost++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
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
          assert.equal(await commitOne(store, commit), 'applied');
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
    assert.equal(await deadlocksIn(dsn), 0);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('that fight for the same partitions while the server restarts add exactly what moved a partition', async () => {
    const dsn = await databases.create(migrated);
    const stores = await Promise.all(Array.from({ length: 3 }, () => openPostgresMetricsStore({ dsn, poolMax: 2 })));
    const partitions = [0, 1, 2, 3, 4, 5];
    const seen = { mixed: 0, lost: 0, isDone: false };
    const fight = async (store: MetricsStore, rival: number): Promise<void> => {
      const seqs = new Map(partitions.map((partition) => [partition, 0]));
      for (let round = 0; round < 40 || !seen.isDone; round++) {
        // Some of the partitions, in an order of its own; those where it was outrun begin again from the store's word.
        const own = partitions.filter((partition) => (partition + round + rival) % 3 !== 0);
        const group = (rival === 1 ? own.toReversed() : own).map((partition) => {
          const tallies = [aDelta(), aDelta({ series: { ...SERIES, route: `partition ${partition}` } })];
          return aCommit({ partition, expectedSeq: seqs.get(partition) ?? 0, token: `${rival}-${round}`, tallies });
        });
        const outcomes = await insist(() => store.commit(group), seen);
        if (new Set(outcomes).size > 1) seen.mixed++;
        for (const [index, { partition, expectedSeq }] of group.entries()) {
          if (outcomes[index] === 'applied') seqs.set(partition, expectedSeq + 1);
          else seqs.set(partition, (await insist(() => store.loadProgress(partition), seen))?.seq ?? 0);
        }
      }
    };
    const fighting = Promise.all(stores.map(fight));
    for (let i = 0; i < 3; i++) await databases.server.restart();
    seen.isDone = true;
    await fighting;
    const [first] = stores;
    const rows = new Map((await first?.readMetrics(metricsQuery()))?.map((row) => [row.route, row.tally.requests]));
    const progress = (await first?.readProgress()) ?? new Map<number, Progress>();
    for (const partition of partitions) {
      assert.equal(rows.get(`partition ${partition}`), progress.get(partition)?.seq, `partition ${partition}`);
    }
    assert.equal(
      rows.get(SERIES.route),
      [...progress.values()].reduce((sum, { seq }) => sum + seq, 0),
    );
    assert.ok(seen.mixed > 0, 'groups were fenced in part');
    assert.ok(seen.lost > 0, 'the restart was noticed');
    assert.equal(await deadlocksIn(dsn), 0);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('that meet new series at the same time agree about them and about the limit', async () => {
    const dsn = await databases.create(migrated);
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openPostgresMetricsStore({ dsn, maxSeriesPerTenant: 3 })),
    );
    const tallies = Array.from({ length: 10 }, (_, i) => aDelta({ series: { ...SERIES, route: `r${i}` } }));
    await Promise.all(stores.map((store, partition) => commitOne(store, aCommit({ partition, tallies }))));
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
    const seen = { lost: 0, isDone: false };
    const committing = (async () => {
      for (let seq = 0; seq < 150 || !seen.isDone; seq++) {
        const commit = aCommit({ expectedSeq: seq, token: `t${seq}`, tallies: [aDelta()] });
        assert.equal(await insist(() => commitOne(store, commit), seen), 'applied');
      }
    })();
    for (let i = 0; i < 3; i++) await databases.server.restart();
    seen.isDone = true;
    await committing;
    const progress = await store.loadProgress(0);
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, progress?.seq);
    assert.ok(seen.lost > 0, 'the restart was noticed');
    await store.close();
  });
});
