import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import {
  aDelta,
  aTally,
  commitNext,
  DAY,
  metricsQuery,
  minute,
  SERIES,
} from '../../src/metrics-store/contract/builders.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { fixedSteps, oneStep } from '../../src/tally/steps.ts';
import { DAY_MS, MINUTE_MS } from '../../src/tally/window.ts';
import { until } from './pipeline/until.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
const DAYS = { fromMs: DAY, beforeMs: DAY + 2 * DAY_MS, rowsMax: 1 };

/** That answers are the same without, the contract of the stores says; here, that there is something to read. */
describe('Packed days in Postgres', { skip }, () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await openTestDatabases();
  });
  after(() => databases?.close());

  /** Two series on the first day, one on the second and on the third. */
  async function open() {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn });
    const at = (day: number, route: string) => {
      const series = { ...SERIES, route };
      return aDelta({ series, windowStartMs: minute(day * 1440), tally: aTally({ requests: 1 + day }) });
    };
    await commitNext(store, { tallies: [at(0, 'a'), at(0, 'b'), at(1, 'a'), at(2, 'a')] });
    const packAll = async (): Promise<void> => {
      for (let hasMore = true; hasMore; ) hasMore = (await store.packDays?.(DAYS)) ?? assert.fail('it packs nothing');
    };
    const packed = async () => {
      const sql = `SELECT day_start, series_id::int, revision::int FROM packed_days ORDER BY day_start, series_id`;
      return (await queryOnce(dsn, sql)).map((row) => [
        ((row['day_start'] as Date).getTime() - DAY) / DAY_MS,
        row['series_id'],
        row['revision'],
      ]);
    };
    return { dsn, store, at, packAll, packed };
  }

  test('each day that is over is packed once, with its total, and again when something was added to it', async () => {
    const { store, at, packAll, packed } = await open();
    await packAll();
    // Series 0 is the total, and the third day is not over.
    const [total, a, b] = [0, 1, 2];
    assert.deepEqual(await packed(), [
      [0, total, 2],
      [0, a, 1],
      [0, b, 1],
      [1, total, 1],
      [1, a, 1],
    ]);
    await commitNext(store, { tallies: [at(0, 'b')] });
    await packAll();
    assert.deepEqual((await packed()).slice(0, 3), [
      [0, total, 3],
      [0, a, 1],
      [0, b, 2],
    ]);
    await store.prune({ minutesMs: minute(1440), hoursMs: 0, daysMs: 0, callsMs: 0, deadLettersMs: 0 });
    assert.deepEqual(await packed(), [
      [1, total, 1],
      [1, a, 1],
    ]);
    await store.close();
  });

  test('questions read them where they are true, and rows where something was added since', async () => {
    const { dsn, store, at, packAll } = await open();
    await packAll();
    // A mark that tells what was read: the first day says what the second one does.
    await queryOnce(
      dsn,
      `UPDATE packed_days p SET hours = q.hours, five_minutes = q.five_minutes FROM packed_days q
       WHERE q.series_id = p.series_id AND q.day_start > p.day_start`,
    );
    const range = { fromMs: DAY, toMs: DAY + DAY_MS };
    const requestsBy = async (groupBy: readonly 'route'[], steps = fixedSteps(5 * MINUTE_MS)) =>
      (await store.readMetrics(metricsQuery({ ...range, groupBy, steps }))).map(({ tally }) => tally.requests);
    assert.deepEqual(await requestsBy([]), [2], 'the total');
    assert.deepEqual(await requestsBy([], oneStep()), [2], 'the total by its hours');
    assert.deepEqual(await requestsBy(['route']), [2, 1], 'each series');
    await commitNext(store, { tallies: [at(0, 'a')] });
    assert.deepEqual(await requestsBy([]), [3]);
    assert.deepEqual(await requestsBy([], oneStep()), [3]);
    assert.deepEqual(await requestsBy(['route']), [2, 1]);
    await store.close();
  });

  test('nothing of a tenant is packed that is deleted meanwhile', async () => {
    const { dsn, store, packed } = await open();
    const eraser = new pg.Client({ connectionString: dsn });
    await eraser.connect();
    await eraser.query('BEGIN');
    await eraser.query('DELETE FROM metrics_1d');
    await eraser.query('DELETE FROM packed_days');
    const packing = store.packDays?.({ ...DAYS, rowsMax: 100 });
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    await until('the packer waits for the rows', async () => (await queryOnce(dsn, waiting)).length > 0, 20_000);
    await eraser.query('COMMIT');
    await packing;
    assert.deepEqual(await packed(), []);
    await eraser.end();
    await store.close();
  });
});
