import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { DAY_MS } from '../../tally/window.ts';
import { aDelta, commitNext, DAY, minute, SERIES } from '../contract/builders.ts';
import { openSqliteMetricsStore } from './sqlite-metrics-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-packed-days-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** That answers are the same without, the contract of the stores says; here, that there is something to read. */
test('each day that is over is packed once, with its total, and again when something was added to it', async () => {
  const path = join(directory, 'metrics.sqlite');
  const store = openSqliteMetricsStore({ path });
  const at = (day: number, route: string) =>
    aDelta({ series: { ...SERIES, route }, windowStartMs: minute(day * 1440) });
  await commitNext(store, { tallies: [at(0, 'a'), at(0, 'b'), at(1, 'a'), at(2, 'a')] });
  const days = { fromMs: DAY, beforeMs: DAY + 2 * DAY_MS, rowsMax: 1 };
  const packAll = async (): Promise<void> => {
    for (let hasMore = true; hasMore; ) hasMore = (await store.packDays?.(days)) ?? assert.fail('it packs nothing');
  };
  const file = new DatabaseSync(path, { readOnly: true });
  const packed = () =>
    file
      .prepare('SELECT day_start_ms, series_id, revision FROM packed_days ORDER BY day_start_ms, series_id')
      .all()
      .map((row) => [(Number(row['day_start_ms']) - DAY) / DAY_MS, row['series_id'], row['revision']]);

  await packAll();
  // Series 0 is the total, and the third day is not over.
  const [total, a, b] = [0, 1, 2];
  assert.deepEqual(packed(), [
    [0, total, 2],
    [0, a, 1],
    [0, b, 1],
    [1, total, 1],
    [1, a, 1],
  ]);
  await commitNext(store, { tallies: [at(0, 'b')] });
  await packAll();
  assert.deepEqual(packed().slice(0, 3), [
    [0, total, 3],
    [0, a, 1],
    [0, b, 2],
  ]);
  await store.prune({ minutesMs: minute(1), hoursMs: 0, daysMs: 0, callsMs: 0, deadLettersMs: 0 });
  assert.deepEqual(packed(), [
    [1, total, 1],
    [1, a, 1],
  ]);
  file.close();
  await store.close();
});
