import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { DAY_MS, HOUR_MS } from '../../tally/window.ts';
import { aDimensionDelta, commitNext, DAY, metricsQuery } from '../contract/builders.ts';
import { openSqliteMetricsStore } from './sqlite-metrics-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-dimension-pieces-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Together more than is left unmerged for good. */
const USERS = 3_000;

test('the pieces of a window become one when the next begins, whatever comes late, and say the same', async () => {
  const path = join(directory, 'metrics.db');
  const store = openSqliteMetricsStore({ path });
  const reader = new SqliteConnection({ file: { path, name: 'The store', withoutBackup: '' }, survives: 'crash' });
  const piecesOf = (windowMs: number): Record<number, number> => {
    const counted = 'SELECT window_start_ms, count(*) FROM dimension_pieces WHERE window_ms = ? GROUP BY 1 ORDER BY 1';
    return Object.fromEntries(
      Array.from(reader.rows(counted, windowMs), ([start, count]) => [(Number(start) - DAY) / HOUR_MS, Number(count)]),
    );
  };
  const add = (hour: number) =>
    commitNext(store, {
      dimensions: Array.from({ length: USERS }, (_, user) =>
        aDimensionDelta({ windowStartMs: DAY + hour * HOUR_MS, value: `user-${user}` }),
      ),
    });
  const requestsOf = async (stepMs: number): Promise<readonly (readonly [number, number, number])[]> => {
    const query = metricsQuery({ stepMs, groupBy: ['dimension'], order: 'asc', limit: 100_000 });
    const rows = await store.readMetrics({ ...query, dimension: { name: 'user', value: null } });
    const windows = Map.groupBy(rows, ({ windowStartMs }) => windowStartMs);
    return Array.from(windows, ([start, of]) => [
      (start - DAY) / HOUR_MS,
      of.length,
      of.reduce((sum, { tally }) => sum + tally.requests, 0),
    ]);
  };

  for (let commit = 0; commit < 4; commit++) await add(3);
  assert.deepEqual([piecesOf(HOUR_MS), piecesOf(DAY_MS)], [{ 3: 4 }, {}], 'the day is that hour as yet');
  await add(5);
  assert.deepEqual([piecesOf(HOUR_MS), piecesOf(DAY_MS)], [{ 3: 1, 5: 1 }, { 0: 1 }]);
  assert.deepEqual(await requestsOf(HOUR_MS), [
    [3, USERS, 4 * USERS],
    [5, USERS, USERS],
  ]);
  await add(3);
  await add(5);
  await add(24);
  assert.deepEqual([piecesOf(HOUR_MS), piecesOf(DAY_MS)], [{ 3: 2, 5: 1, 24: 1 }, { 0: 3 }]);
  await add(26);
  assert.deepEqual(
    [piecesOf(HOUR_MS), piecesOf(DAY_MS)],
    [
      { 3: 2, 5: 1, 24: 1, 26: 1 },
      { 0: 1, 24: 1 },
    ],
  );
  assert.deepEqual(await requestsOf(HOUR_MS), [
    [3, USERS, 5 * USERS],
    [5, USERS, 2 * USERS],
    [24, USERS, USERS],
    [26, USERS, USERS],
  ]);
  assert.deepEqual(await requestsOf(DAY_MS), [
    [0, USERS, 7 * USERS],
    [24, USERS, 2 * USERS],
  ]);
  reader.close();
  await store.close();
});
