import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { TOPICS } from '../../events/topics.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { SqliteSnapshot } from '../../sqlite/sqlite-snapshot.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { logPath } from '../open/open-log.ts';
import { priceListPath } from '../open/open-price-list.ts';
import { storePath } from '../open/open-store.ts';
import { VERSION } from '../version.ts';
import {
  type BackupFile,
  type BackupFileName,
  type BackupManifest,
  FORMAT,
  MANIFEST_NAME,
  VERSION_KNOWN,
} from './manifest.ts';

/** Hears how many of how many bytes are there. */
export type ByteWatch = (done: number, total: number) => void;

export interface BackupReport {
  readonly manifest: BackupManifest;
  /** What lies elsewhere and is not in the backup. */
  readonly elsewhere: readonly ('events' | 'metrics')[];
}

/**
 * Copies what the data directory holds into a new directory, while StreamLens runs on it or not.
 *
 * Both files are copied as of one moment each, and the moment of the store comes first. So the log holds all that the
 * store's positions speak of, and what it holds beyond them is counted after a restore as it would have been without:
 * from the positions on. The other way round, rows would be there of events that the log does not know.
 *
 * @throws {SettingError} where the target is not empty or the data directory holds nothing
 */
export async function backUp(settings: SettingsOf<'backup'>, target: string, watch: ByteWatch): Promise<BackupReport> {
  const [store, log] = [storePath(settings), logPath(settings)];
  const [hasStore, hasLog] = [existsSync(store), existsSync(log)];
  if (!hasStore && !hasLog) {
    throw new SettingError(
      `There is neither an event log nor a store in ${settings.dataDir}; name the directory with --data-dir`,
    );
  }
  takeEmptyDirectory(target);
  const snapshots: { readonly name: BackupFileName; readonly snapshot: SqliteSnapshot }[] = [];
  try {
    const moments = hasStore && hasLog ? bothMoments(store, log) : [];
    if (moments.length === 0)
      moments.push(hasStore ? momentOf('metrics.sqlite', store) : momentOf('events.sqlite', log));
    snapshots.push(...moments);
    const total = snapshots.reduce((sum, { snapshot }) => sum + snapshot.bytes(), 0);
    const files: BackupFile[] = [];
    let doneBefore = 0;
    for (const { name, snapshot } of snapshots) {
      const path = join(target, name);
      await snapshot.copyTo(path, (bytes) => watch(doneBefore + bytes, total));
      doneBefore += snapshot.bytes();
      watch(doneBefore, total);
      files.push(await sealed(name, path));
    }
    const list = priceListPath({ dataDir: settings.dataDir, priceListFile: undefined });
    if (list !== null && existsSync(list)) {
      const path = join(target, 'price-list.json');
      writeFileSync(path, readFileSync(list));
      files.push(await sealed('price-list.json', path));
    }
    const manifest: BackupManifest = {
      format: FORMAT,
      version: VERSION_KNOWN,
      streamlens: VERSION,
      created_at: new Date().toISOString(),
      files,
      positions: positionsOf(snapshots.find(({ name }) => name === 'metrics.sqlite')?.snapshot),
    };
    writeDurably(join(target, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
    syncFile(target);
    return {
      manifest,
      elsewhere: [...(hasLog ? [] : (['events'] as const)), ...(hasStore ? [] : (['metrics'] as const))],
    };
  } finally {
    for (const { snapshot } of snapshots) snapshot.close();
  }
}

type Moment = { readonly name: BackupFileName; readonly snapshot: SqliteSnapshot };

/** Between the two, retention may take what the store's moment still needs from the log; then both are taken again. */
function bothMoments(store: string, log: string): Moment[] {
  for (let attempt = 1; ; attempt++) {
    const moments = [momentOf('metrics.sqlite', store), momentOf('events.sqlite', log)] as const;
    const [{ snapshot: ofStore }, { snapshot: ofLog }] = moments;
    const gap = gapBetween(positionsOf(ofStore), ofLog);
    if (gap === null) return [...moments];
    for (const { snapshot } of moments) snapshot.close();
    if (attempt === MOMENTS_MAX) throw new StorageError('misconfigured', `${gap}; was one of the two replaced?`);
  }
}

const MOMENTS_MAX = 3;

function momentOf(name: BackupFileName, path: string): Moment {
  const isLog = name === 'events.sqlite';
  const file = {
    path,
    name: isLog ? 'The event log' : 'The metrics store',
    withoutBackup: 'restore an older backup',
  };
  return { name, snapshot: new SqliteSnapshot(file) };
}

/** The positions of the store, by shard. */
export function positionsOf(store: SqliteSnapshot | undefined): BackupManifest['positions'] {
  if (store === undefined) return {};
  const isThere = store.rows("SELECT 1 FROM sqlite_schema WHERE name = 'progress'").length > 0;
  const rows = isThere ? store.rows('SELECT partition, positions FROM progress') : [];
  return Object.fromEntries(
    rows.map(([partition, text]) => [String(partition), JSON.parse(String(text)) as Record<string, number>]),
  );
}

const TABLES = {
  [TOPICS.requests]: 'requests',
  [TOPICS.responses]: 'responses',
  [TOPICS.evaluations]: 'evaluations',
  [TOPICS.reports]: 'reports',
} as const;

/** Says where the log does not hold what comes after the positions; null where it does. */
export function gapBetween(positions: BackupManifest['positions'], log: SqliteSnapshot): string | null {
  for (const [topic, table] of Object.entries(TABLES)) {
    const [bounds = []] = log.rows(`SELECT min(first_offset), max(first_offset + record_count) FROM ${table}`);
    const [start, end] = [Number(bounds[0] ?? 0), Number(bounds[1] ?? 0)];
    for (const of of Object.values(positions)) {
      const position = of[topic] ?? 0;
      if (position > end)
        return `The store is complete through offset ${position} of ${topic}, and the log ends at ${end}`;
      if (position < start)
        return `The store goes on at offset ${position} of ${topic}, and the log begins at ${start}`;
    }
  }
  return null;
}

function takeEmptyDirectory(target: string): void {
  const stats = statSync(target, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) throw new SettingError(`${target} is a file; name a new directory`);
  try {
    if (stats === undefined) mkdirSync(target, { recursive: true, mode: 0o700 });
    if (readdirSync(target).length > 0)
      throw new SettingError(`${resolve(target)} is not empty; name a new directory for each backup`);
    // It holds metadata and user ids; so do the files that are made from now on.
    process.umask(0o077);
    chmodSync(target, 0o700);
  } catch (error) {
    if (error instanceof SettingError) throw error;
    throw new SettingError(`${target} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

/** The copy as it lies on the disk, durably. */
async function sealed(name: BackupFileName, path: string): Promise<BackupFile> {
  syncFile(path);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

function writeDurably(path: string, text: string): void {
  writeFileSync(path, text);
  syncFile(path);
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
