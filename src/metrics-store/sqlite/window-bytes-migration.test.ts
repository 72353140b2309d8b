import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { HOUR_MS } from '../../tally/window.ts';
import { allAnswers } from '../contract/all-answers.ts';
import { aDelta, aTally, commitNext, DAY, metricsQuery, minute, SERIES } from '../contract/builders.ts';
import { migrateSqlite } from './migrate-sqlite.ts';
import { openSqliteMetricsStore } from './sqlite-metrics-store.ts';

const FIXTURES = new URL('../../../test/fixtures/stores/sqlite-1/', import.meta.url);
const unpacked = (name: string): Buffer => gunzipSync(readFileSync(new URL(name, FIXTURES)));

/** A copy of the store as the program of the first schema left it. */
function oldStore(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-migration-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'metrics.sqlite');
  writeFileSync(path, unpacked('metrics.sqlite.gz'));
  return path;
}

test('a store with a column for each sum answers everything as the program that wrote it did', async (t) => {
  const path = oldStore(t);
  assert.deepEqual(migrateSqlite(path), { from: 1, to: 5 });
  const store = openSqliteMetricsStore({ path });
  const expected = JSON.parse(unpacked('answers.json.gz').toString()) as Record<string, unknown>;
  const answers = await allAnswers(store);
  for (const [name, answer] of Object.entries(expected)) {
    assert.deepEqual((answers[name] as readonly unknown[]).map(withoutLaterSums), answer, name);
  }
  assert.ok(Object.values(expected).every((answer) => Array.isArray(answer) && answer.length >= 6));
  await store.close();
});

/** Sums that the program of then did not know: nothing that it wrote has any of them. */
function withoutLaterSums(row: unknown): unknown {
  return typeof row === 'string' ? row.replace('"webSearches":0,"groundedRequests":0,', '') : row;
}

test('what is added after the upgrade adds to the rows that were there, in each of their ways', async (t) => {
  const store = openSqliteMetricsStore({ path: oldStore(t) });
  const day = { fromMs: DAY, toMs: minute(1440) };
  const requestsOf = async (query: Parameters<typeof metricsQuery>[0]): Promise<number> => {
    const rows = await store.readMetrics(metricsQuery({ ...day, groupBy: [], ...query }));
    return rows.reduce((sum, { tally }) => sum + tally.requests, 0);
  };
  const ways = [
    {},
    { stepMs: HOUR_MS },
    { stepMs: 24 * HOUR_MS },
    { route: SERIES.route },
    { model: 'gpt', limit: 9_999 },
  ];
  const before = await Promise.all(ways.map(requestsOf));
  const added = aDelta({ windowStartMs: minute(5), tally: aTally({ requests: 3 }) });
  await commitNext(store, {
    tallies: [added, aDelta({ windowStartMs: minute(1000), tally: aTally({ requests: 4 }) })],
  });
  assert.deepEqual(
    await Promise.all(ways.map(requestsOf)),
    before.map((requests) => requests + 7),
  );
  await store.close();
});
