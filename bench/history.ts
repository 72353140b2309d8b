import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { StoreQueries } from '../src/metrics-api/store-queries.ts';
import type { MetricsStore } from '../src/metrics-store/metrics-store.ts';
import { openSqliteMetricsStore } from '../src/metrics-store/sqlite/sqlite-metrics-store.ts';
import { DAY_MS } from '../src/tally/window.ts';
import { History } from './data/history.ts';
import { HISTORY_QUESTIONS } from './data/history-questions.ts';

/**
 * What questions over months cost an embedded store: `npm run bench -- history --directory DIR [--days 30]`. Fills the store of an
 * empty directory first, through its port. Prints CPU seconds of this process, which do not depend on how busy the machine is.
 */
const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    days: { type: 'string', default: '30' },
    pack: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
if (values.directory === undefined) throw new Error('Needs --directory DIR');
mkdirSync(values.directory, { recursive: true });
const PACKED_ROWS_MAX = 2_000;
const path = join(values.directory, 'metrics.sqlite');
const madePath = join(values.directory, 'history.json');

interface Made {
  readonly toMs: number;
  readonly requests: number;
}

const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

async function fill(): Promise<void> {
  const began = process.cpuUsage();
  const store = openSqliteMetricsStore({ path });
  const history = new History(Number(values.days), Date.now());
  await history.fill(store);
  console.log(`filled with ${cpuSeconds(began).toFixed(1)} CPU s`);
  await pack(store);
  await store.close();
  // Nobody reads the topic here, and a program that opens the directory should not publish a month first.
  const file = new DatabaseSync(path);
  file.exec('DELETE FROM unpublished_rows; PRAGMA wal_checkpoint(TRUNCATE)');
  file.close();
  writeFileSync(madePath, JSON.stringify({ toMs: history.toMs, requests: history.total.requests } satisfies Made));
}

/** What a processor does while it has nothing else to do. */
async function pack(store: MetricsStore): Promise<void> {
  const began = process.cpuUsage();
  const days = { fromMs: 0, beforeMs: Math.floor(Date.now() / DAY_MS) * DAY_MS };
  let longestMs = 0;
  for (let hasMore = true; hasMore; ) {
    const startedMs = performance.now();
    hasMore = (await store.packDays?.({ ...days, rowsMax: PACKED_ROWS_MAX })) ?? false;
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  }
  console.log(`packed with ${cpuSeconds(began).toFixed(1)} CPU s, at most ${longestMs.toFixed(0)} ms at a time`);
}

if (!existsSync(madePath)) await fill();
if (values.pack) {
  const store = openSqliteMetricsStore({ path });
  await pack(store);
  await store.close();
}
const made = JSON.parse(readFileSync(madePath, 'utf8')) as Made;
const reader = openSqliteMetricsStore({ path, readOnly: true });
const queries = new StoreQueries({ reader });
for (const { name, kind, questionOf } of HISTORY_QUESTIONS) {
  if (!name.includes(values.only)) continue;
  const seconds: number[] = [];
  let size = 0;
  for (let i = 0; i < 3; i++) {
    const began = process.cpuUsage();
    // Seventeen minutes and some seconds off any boundary.
    const text = await queries.answer(kind, questionOf(made.toMs - 17 * 60_000));
    seconds.push(cpuSeconds(began));
    size = text?.length ?? 0;
  }
  console.log(`${seconds.map((each) => each.toFixed(3)).join(' ')} CPU s  ${(size / 1e6).toFixed(2)} MB  ${name}`);
}
await reader.close();
