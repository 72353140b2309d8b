import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { aCall, aDelta, callsQuery, commitNext, metricsQuery } from '../../src/metrics-store/contract/builders.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { DAY_MS } from '../../src/tally/window.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
let databases: TestDatabases;

const TODAY = Date.UTC(2026, 2, 10);
const range = { fromMs: 0, toMs: TODAY + 50 * DAY_MS };

async function partitionsOf(dsn: string, parent: string): Promise<string[]> {
  const rows = await queryOnce(
    dsn,
    'SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1',
    [parent],
  );
  return rows.map((row) => String(row['name']));
}

async function countIn(dsn: string, table: string): Promise<number> {
  const [row] = await queryOnce(dsn, `SELECT count(*)::int AS count FROM ${table}`);
  return Number(row?.['count']);
}

function rowsAt(...instantsMs: number[]) {
  return {
    tallies: instantsMs.map((windowStartMs) => aDelta({ windowStartMs })),
    calls: instantsMs.map((timestampMs) => ({ kind: 'full', call: aCall({ timestampMs }) }) as const),
  };
}

describe('Time partitions in Postgres', { skip }, () => {
  before(async () => {
    databases = await openTestDatabases();
  });
  after(() => databases?.close());

  test('are opened a week ahead: per day, month and year', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY });
    await store.close();
    const daily = await partitionsOf(dsn, 'metrics_1m');
    assert.deepEqual([daily[0], daily.at(-2), daily.length], ['metrics_1m_20260309', 'metrics_1m_20260317', 10]);
    assert.deepEqual(await partitionsOf(dsn, 'metrics_1h'), ['metrics_1h_20260301', 'metrics_1h_default']);
    assert.deepEqual(await partitionsOf(dsn, 'metrics_1d'), ['metrics_1d_20260101', 'metrics_1d_default']);
    assert.equal((await partitionsOf(dsn, 'calls')).length, 10);
  });

  test('are opened for the days of the last three months that are counted; older rows lie in the default one', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY });
    await commitNext(store, rowsAt(TODAY, TODAY - 30 * DAY_MS, TODAY - 91 * DAY_MS, TODAY + 20 * DAY_MS));
    assert.equal(await countIn(dsn, 'metrics_1m_20260310'), 1);
    assert.equal(await countIn(dsn, 'calls_20260208'), 1);
    assert.equal(await countIn(dsn, 'metrics_1m_default'), 2);
    assert.equal((await store.readMetrics(metricsQuery(range))).length, 4);
    await store.close();
  });

  test('that are opened late take over their rows from the default partition', async () => {
    const dsn = await databases.create();
    const early = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY - 60 * DAY_MS });
    await commitNext(early, rowsAt(TODAY, TODAY + DAY_MS, TODAY + 30 * DAY_MS));
    assert.equal(await countIn(dsn, 'metrics_1m_default'), 3);
    const later = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY });
    assert.equal(await countIn(dsn, 'metrics_1m_default'), 1);
    assert.equal(await countIn(dsn, 'metrics_1m_20260311'), 1);
    await commitNext(later, rowsAt(TODAY));
    const rows = await later.readMetrics(metricsQuery({ ...range, order: 'asc' }));
    assert.deepEqual(
      rows.map((row) => row.tally.requests),
      [2, 1, 1],
    );
    assert.equal((await later.readCalls(callsQuery(range))).length, 3);
    await early.close();
    await later.close();
  });

  test('are opened while others commit into the default partition, and nothing is lost', async () => {
    const dsn = await databases.create();
    const early = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY - 60 * DAY_MS });
    const commits = (async () => {
      for (let i = 0; i < 60; i++) await commitNext(early, { tallies: rowsAt(TODAY, TODAY + DAY_MS).tallies });
    })();
    const later = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY });
    await commits;
    const rows = await later.readMetrics(metricsQuery(range));
    assert.deepEqual(
      rows.map((row) => row.tally.requests),
      [60, 60],
    );
    assert.equal(await countIn(dsn, 'metrics_1m_default'), 0);
    await early.close();
    await later.close();
  });

  test('are dropped as a whole by retention, and a late event opens them again', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn, nowMs: () => TODAY });
    await commitNext(store, rowsAt(TODAY - 20 * DAY_MS, TODAY, 0));
    const beforeMs = TODAY - 10 * DAY_MS;
    const pruned = { minutesMs: beforeMs, hoursMs: 0, daysMs: 0, callsMs: beforeMs, deadLettersMs: 0 };
    await store.prune(pruned);
    assert.ok(!(await partitionsOf(dsn, 'metrics_1m')).includes('metrics_1m_20260218'));
    assert.ok(!(await partitionsOf(dsn, 'calls')).includes('calls_20260218'));
    assert.deepEqual(
      (await store.readMetrics(metricsQuery(range))).map((row) => row.windowStartMs),
      [TODAY],
    );
    await commitNext(store, rowsAt(TODAY - 20 * DAY_MS));
    assert.equal(await countIn(dsn, 'metrics_1m_20260218'), 1);
    await store.close();
  });
});
