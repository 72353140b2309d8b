import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { servicesDirectory } from '../../scripts/services/services-directory.ts';
import type { MetricsStore } from '../../src/metrics-store/metrics-store.ts';
import { openSqliteMetricsStore } from '../../src/metrics-store/sqlite/sqlite-metrics-store.ts';
import { DAY_MS, HOUR_MS } from '../../src/tally/window.ts';
import { History } from '../data/history.ts';

const SCHEMA = new URL('../../src/metrics-store/sqlite/sql/', import.meta.url);
const PACKED_ROWS_MAX = 2_000;
/** Questions count back from now, so a history that ended long ago is made anew. */
const AGE_MS_MAX = 12 * HOUR_MS;

/** A directory for `up` whose metrics store holds some days of history. */
export interface HistoryDirectory {
  readonly directory: string;
  readonly storePath: string;
  readonly toMs: number;
}

interface Note {
  readonly toMs: number;
  readonly schema: string;
}

/** Made first where there is none, or it is too old or of another schema. @param directory null: one that is kept for the next run */
export async function historyDirectory(directory: string | null, days: number): Promise<HistoryDirectory> {
  const chosen = directory ?? join(servicesDirectory(), `bench-history-${days}`);
  const storePath = join(chosen, 'metrics.sqlite');
  const notePath = join(chosen, 'history.json');
  const schema = schemaHash();
  const note = existsSync(notePath) ? (JSON.parse(readFileSync(notePath, 'utf8')) as Note) : null;
  if (note !== null && Date.now() - note.toMs < AGE_MS_MAX && note.schema === schema) {
    return { directory: chosen, storePath, toMs: note.toMs };
  }
  // Its log and what `up` has added to it belong to the history that goes.
  if (note !== null) rmSync(chosen, { recursive: true });
  mkdirSync(chosen, { recursive: true });
  const toMs = await fill(storePath, days);
  writeFileSync(notePath, JSON.stringify({ toMs, schema } satisfies Note));
  return { directory: chosen, storePath, toMs };
}

function schemaHash(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(SCHEMA).toSorted()) hash.update(readFileSync(new URL(name, SCHEMA)));
  return hash.digest('hex');
}

async function fill(path: string, days: number): Promise<number> {
  console.log(`Making ${days} days of history, once: a minute or two.`);
  const store = openSqliteMetricsStore({ path });
  const history = new History(days, Date.now());
  const before = process.cpuUsage();
  await history.fill(store);
  console.log(`filled with ${cpuSecondsSince(before)} CPU s`);
  const packing = process.cpuUsage();
  const longestMs = await packAll(store);
  console.log(`packed with ${cpuSecondsSince(packing)} CPU s, at most ${longestMs.toFixed(0)} ms at a time`);
  await store.close();
  // Nobody reads the topic here, and a program that opens the directory should not publish a month first.
  const file = new DatabaseSync(path);
  file.exec('DELETE FROM unpublished_rows; PRAGMA wal_checkpoint(TRUNCATE)');
  file.close();
  return history.toMs;
}

/** What a processor does while it has nothing else to do. @returns how many ms the longest piece of it took */
export async function packAll(store: MetricsStore): Promise<number> {
  const days = { fromMs: 0, beforeMs: Math.floor(Date.now() / DAY_MS) * DAY_MS };
  let longestMs = 0;
  for (let hasMore = true; hasMore; ) {
    const startedMs = performance.now();
    hasMore = (await store.packDays?.({ ...days, rowsMax: PACKED_ROWS_MAX })) ?? false;
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  }
  return longestMs;
}

function cpuSecondsSince(before: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1e6).toFixed(1);
}
