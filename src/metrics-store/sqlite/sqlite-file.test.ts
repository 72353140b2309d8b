import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';
import { HOUR_MS } from '../../tally/window.ts';
import {
  aCall,
  aCommit,
  aDeadLetter,
  aDelta,
  aDimensionDelta,
  aTally,
  callsQuery,
  changesQuery,
  commitNext,
  commitOne,
  metricsQuery,
  minute,
  SERIES,
} from '../contract/builders.ts';
import type { MetricsStore } from '../metrics-store.ts';
import { readSqlFile } from '../sql-file.ts';
import { migrateSqlite } from './migrate-sqlite.ts';
import { openStoreFile } from './open-store-file.ts';
import { SELECT_NEWEST, SELECT_NEWEST_OF_SESSION } from './sqlite-calls.ts';
import { openSqliteMetricsStore } from './sqlite-metrics-store.ts';
import * as Windows from './window-statements.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-metrics-file-'));
after(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(directory, `file-${files++}.db`);

describe('The SQLite file', () => {
  test('a store that is closed and opened again holds what was committed', async () => {
    const path = newPath();
    const store = openSqliteMetricsStore({ path });
    await commitNext(store, { tallies: [aDelta()], calls: [{ kind: 'full', call: aCall() }] });
    await store.close();
    const again = openSqliteMetricsStore({ path });
    await commitNext(again, { tallies: [aDelta()] });
    assert.equal((await again.readMetrics(metricsQuery()))[0]?.tally.requests, 2);
    assert.equal((await again.loadProgress(0))?.seq, 2);
    await again.close();
  });

  test('a read-only connection sees each commit at once and can change nothing', async () => {
    const path = newPath();
    const writer = openSqliteMetricsStore({ path });
    const reader = openSqliteMetricsStore({ path, readOnly: true });
    for (const expected of [1, 2]) {
      const before = await reader.readState();
      await commitNext(writer, { tallies: [aDelta()] });
      assert.notEqual((await reader.readState()).id, before.id);
      assert.equal((await reader.readMetrics(metricsQuery()))[0]?.tally.requests, expected);
    }
    await assert.rejects(commitOne(reader, aCommit({ expectedSeq: 2 })), isStoreError('misconfigured', /write access/));
    await reader.close();
    await writer.close();
  });

  test('a question that ends at its limit leaves the connection to see what is committed next', async () => {
    const path = newPath();
    const writer = openSqliteMetricsStore({ path });
    const reader = openSqliteMetricsStore({ path, readOnly: true });
    const series = ['gpt-4.1', 'gpt-4.1-mini'].map((model) => ({ ...SERIES, model }));
    const deltas = series.flatMap((of) => [0, 1, 2].map((at) => aDelta({ series: of, windowStartMs: minute(at) })));
    await commitNext(writer, { tallies: deltas });
    // Rows of the series of one route are read by several statements, which are merged.
    assert.equal((await reader.readMetrics(metricsQuery({ route: SERIES.route, limit: 1 }))).length, 1);
    await commitNext(writer, { tallies: [aDelta({ windowStartMs: minute(7) })] });
    assert.equal((await reader.readMetrics(metricsQuery()))[0]?.windowStartMs, minute(7));
    await reader.close();
    await writer.close();
  });

  test('where nobody can read the topic of rows, none waits for it, and what waited before still comes', async () => {
    const path = newPath();
    const earlier = openSqliteMetricsStore({ path });
    await commitNext(earlier, { tallies: [aDelta()] });
    await earlier.close();
    const store = openSqliteMetricsStore({ path, areRowsPublished: false });
    await commitNext(store, { tallies: [aDelta({ windowStartMs: minute(1) })], deadLetters: [aDeadLetter()] });
    assert.deepEqual(
      (await store.unpublishedRows(10)).map(({ windowStartMs }) => windowStartMs),
      [minute(0)],
    );
    assert.equal((await store.unpublishedDeadLetters(10)).length, 1);
    assert.equal((await store.readChanges(changesQuery())).length, 2);
    await store.close();
  });

  test('threads that open one new file at the same time all commit into it', async () => {
    const path = newPath();
    const exits = [0, 1, 2, 3].map((partition) => {
      const worker = new Worker(COMMITTER, { eval: true, workerData: { path, partition, modules: import.meta.url } });
      return once(worker, 'exit');
    });
    assert.deepEqual((await Promise.all(exits)).flat(), [0, 0, 0, 0]);
    const store = openSqliteMetricsStore({ path, readOnly: true });
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, 80);
    await store.close();
  });

  test('a commit that fails half way leaves nothing, and the series that it opened can be used again', async () => {
    const store = openSqliteMetricsStore({ path: newPath() });
    const broken = aDelta({ windowStartMs: 0, tally: aTally({ requests: Number.NaN }) });
    await assert.rejects(commitOne(store, aCommit({ tallies: [aDelta(), broken] })), /NOT NULL/);
    assert.equal(await store.loadProgress(0), null);
    const other = aDelta({ series: { ...SERIES, route: 'other' } });
    await commitNext(store, { tallies: [other, aDelta()], calls: [{ kind: 'full', call: aCall() }] });
    const rows = await store.readMetrics(metricsQuery());
    assert.deepEqual(
      rows.map((row) => [row.route, row.tally.requests]),
      [
        ['chat', 1],
        ['other', 1],
      ],
    );
    assert.equal((await store.readCalls(callsQuery())).length, 1);
    await store.close();
  });

  test('a cost beyond what an integer column holds never stops a commit', async () => {
    const store = openSqliteMetricsStore({ path: newPath() });
    for (let i = 0; i < 3; i++) {
      const calls = [{ kind: 'full', call: aCall({ costPicoUsd: 2n ** 70n }) }] as const;
      await commitNext(store, { tallies: [aDelta({ tally: aTally({ cost: 2n ** 62n }) })], calls });
    }
    const cost = (await store.readMetrics(metricsQuery()))[0]?.tally.costPicoUsd.value ?? 0n;
    assert.ok(cost > 13n * 10n ** 18n);
    assert.equal((await store.readCalls(callsQuery()))[0]?.costPicoUsd, 2n ** 63n - 1n);
    await store.close();
  });

  test('a full file is told as such, and the store goes on when there is room', () => {
    const path = newPath();
    migrateSqlite(path);
    const connection = openStoreFile({ path });
    connection.exec('PRAGMA max_page_count = 60');
    const fill = (bytes: number): void =>
      connection.write(() =>
        connection.run("INSERT INTO progress VALUES (1, 1, 't', '{}', 0, 0, ?)", new Uint8Array(bytes)),
      );
    assert.throws(() => fill(1_000_000), isStoreError('full', /disk is full/));
    fill(10);
    connection.close();
  });

  test('a directory that is not there, a directory as file, another kind of file: each is told with what to do', () => {
    assert.throws(
      () => openSqliteMetricsStore({ path: join(directory, 'none', 'x.db') }),
      isStoreError('misconfigured', /directory exists/),
    );
    assert.throws(() => openSqliteMetricsStore({ path: directory }), isStoreError('misconfigured', /directory exists/));
    const text = newPath();
    writeFileSync(text, 'no database at all, but long enough to look at'.repeat(50));
    assert.throws(() => openSqliteMetricsStore({ path: text }), isStoreError('corrupt', /no SQLite database/));
  });

  test('migrating twice changes nothing; a file without our schema or with a newer one is refused', () => {
    const path = newPath();
    assert.throws(
      () => openSqliteMetricsStore({ path, migrate: false }),
      isStoreError('misconfigured', /run "streamlens migrate"/),
    );
    const told: object[] = [];
    const tell = (versions: object) => told.push(versions);
    assert.deepEqual(migrateSqlite(path, tell), { from: 0, to: 5 });
    assert.deepEqual(migrateSqlite(path, tell), { from: 5, to: 5 });
    assert.deepEqual(told, [{ from: 0, to: 5 }]);
    const connection = openStoreFile({ path });
    connection.exec('PRAGMA user_version = 99');
    connection.close();
    assert.throws(() => openSqliteMetricsStore({ path }), isStoreError('misconfigured', /newer StreamLens/));
  });

  test('a file of the second version keeps what was summed by user as it is upgraded', async () => {
    const path = newPath();
    const store = openSqliteMetricsStore({ path });
    for (let i = 0; i < 3; i++) await commitNext(store, { dimensions: [aDimensionDelta(), aDimensionDelta()] });
    const question = metricsQuery({
      stepMs: HOUR_MS,
      groupBy: ['dimension'],
      dimension: { name: 'user', value: null },
    });
    const read = async (from: MetricsStore) =>
      (await from.readMetrics(question)).map(({ value, tally }) => [value, tally.requests]);
    const before = await read(store);
    await store.close();
    backToSecondVersion(path);
    assert.throws(() => openSqliteMetricsStore({ path, migrate: false }), isStoreError('misconfigured', /migrate/));
    const upgraded = openSqliteMetricsStore({ path });
    assert.deepEqual(await read(upgraded), before);
    await commitNext(upgraded, { dimensions: [aDimensionDelta()] });
    assert.deepEqual(await read(upgraded), [['u1', 7]]);
    await upgraded.close();
  });

  test('a file of the second version with other tables is refused, not upgraded', () => {
    const path = newPath();
    migrateSqlite(path);
    backToSecondVersion(path);
    const connection = openStoreFile({ path });
    connection.exec('DROP TABLE dimension_days');
    connection.close();
    assert.throws(() => openSqliteMetricsStore({ path }), isStoreError('misconfigured', /cannot be upgraded/));
  });

  test('a file of a version before the first release is refused, since its tables are not upgraded', () => {
    const path = newPath();
    const connection = openStoreFile({ path });
    connection.exec('PRAGMA user_version = 3');
    connection.close();
    assert.throws(() => openSqliteMetricsStore({ path }), isStoreError('misconfigured', /before its first release/));
  });

  test('the questions behind a page of rows and the outbox follow an index and sort nothing', () => {
    const path = newPath();
    migrateSqlite(path);
    const connection = openStoreFile({ path });
    for (const order of ['asc', 'desc'] as const) {
      for (const table of ['metrics_1m', 'metrics_1h', 'metrics_1d'] as const) {
        assertIndexed(connection, Windows.selectTenantRows({ table, order }));
        assertIndexed(connection, Windows.selectMatchingRows({ table, order }));
      }
    }
    assertIndexed(connection, Windows.selectSeriesRows({ table: 'metrics_1d', order: 'desc', stream: 1 }));
    assertIndexed(connection, Windows.selectHoursOfSeries({ order: 'desc', stream: 1 }));
    assertIndexed(connection, Windows.SELECT_MINUTE);
    assertIndexed(connection, Windows.SELECT_CHANGED);
    assertIndexed(connection, Windows.UNQUEUE_ROW);
    const plan = planOf(connection, Windows.SELECT_QUEUED);
    assert.equal(plan[0], 'SCAN u');
    assert.ok(!plan.some((step) => step.includes('TEMP B-TREE')), plan.join('\n'));
    connection.close();
  });

  test('the calls of a session are found by it, and a page of calls ends its scan', () => {
    const path = newPath();
    migrateSqlite(path);
    const connection = openStoreFile({ path });
    assertIndexed(connection, SELECT_NEWEST);
    assert.deepEqual(planOf(connection, SELECT_NEWEST_OF_SESSION), [
      'SEARCH c USING INDEX calls_session (tenant_key=? AND session_id=? AND timestamp_ms>? AND timestamp_ms<?)',
      // Only the calls of one millisecond.
      'USE TEMP B-TREE FOR LAST TERM OF ORDER BY',
    ]);
    connection.close();
  });
});

function planOf(connection: SqliteConnection, sql: string): string[] {
  const steps = Array.from(connection.rows(`EXPLAIN QUERY PLAN ${sql}`));
  return steps.map((step) => String(step[3]));
}

function assertIndexed(connection: SqliteConnection, sql: string): void {
  const plan = planOf(connection, sql);
  assert.ok(plan.length > 0);
  assert.ok(!plan.some((step) => step.includes('SCAN') || step.includes('TEMP B-TREE')), `${sql}\n${plan.join('\n')}`);
}

/** Puts the pieces of dimensions where the second version had them. */
function backToSecondVersion(path: string): void {
  const [table = ''] = /^CREATE TABLE dimension_sums [^;]*;/m.exec(readSqlFile('sqlite/sql/0001.sql')) ?? [];
  const connection = openStoreFile({ path });
  connection.exec(`
    ${table}
    INSERT INTO dimension_sums SELECT tenant_key, dimension, window_ms, window_start_ms, piece, sums FROM dimension_pieces;
    DROP TABLE dimension_pieces;
    DROP TABLE dimension_open_hours;
    PRAGMA user_version = 2`);
  connection.close();
}

function isStoreError(code: StorageErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && error.code === code && message.test(error.message);
}

/** Commits twenty times into its own partition. */
const COMMITTER = `
const { workerData } = require('node:worker_threads');
const { path, partition, modules } = workerData;
(async () => {
  const { openSqliteMetricsStore } = await import(new URL('./sqlite-metrics-store.ts', modules));
  const { aDelta, commitNext } = await import(new URL('../contract/builders.ts', modules));
  const store = openSqliteMetricsStore({ path });
  for (let i = 0; i < 20; i++) await commitNext(store, { partition, tallies: [aDelta()] });
  await store.close();
})();
`;
