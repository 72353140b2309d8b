import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { SqliteSnapshot } from '../../sqlite/sqlite-snapshot.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { takeDataDirectory } from '../open/data-directory.ts';
import { type ByteWatch, gapBetween, positionsOf } from './back-up.ts';
import { type BackupFile, type BackupManifest, readManifest } from './manifest.ts';

/** Files are put together here first: a data directory has all of them or none. */
const UNFINISHED = 'restoring';
/** What a data directory may hold and still be empty. */
const IGNORED: ReadonlySet<string> = new Set(['lock.sqlite', 'lost+found', UNFINISHED]);

/**
 * Puts a backup into an empty data directory, after checking every byte of it.
 *
 * @throws {SettingError} where the directory is not empty or in use, or the backup is none
 * @throws {StorageError} `corrupt` where the backup is not what was written
 */
export async function restore(
  settings: SettingsOf<'restore'>,
  source: string,
  watch: ByteWatch,
): Promise<BackupManifest> {
  const manifest = readManifest(source);
  const { dataDir } = settings;
  refuseUsed(dataDir);
  const release = takeDataDirectory(dataDir);
  const unfinished = join(dataDir, UNFINISHED);
  try {
    // Again under the lock: another restore may have been faster.
    refuseUsed(dataDir);
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { mode: 0o700 });
    const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    for (const file of manifest.files) {
      await copyChecked(source, unfinished, file, (bytes) => watch((done += bytes), total));
    }
    checkTogether(manifest, unfinished);
    for (const { name } of manifest.files) renameSync(join(unfinished, name), join(dataDir, name));
    return manifest;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    release();
  }
}

function refuseUsed(dataDir: string): void {
  if (!existsSync(dataDir)) return;
  let names: readonly string[];
  try {
    names = readdirSync(dataDir).filter((name) => !IGNORED.has(name));
  } catch (error) {
    throw new SettingError(`${dataDir} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  if (names.length === 0) return;
  throw new SettingError(
    `${resolve(dataDir)} is not empty (${names.slice(0, 3).join(', ')}); a backup goes into an empty directory: name one with --data-dir, or move these files away`,
  );
}

async function copyChecked(
  source: string,
  target: string,
  { name, bytes, sha256 }: BackupFile,
  onCopied: (bytes: number) => void,
): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  try {
    await pipeline(
      createReadStream(join(source, name)),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          length += chunk.length;
          onCopied(chunk.length);
          yield chunk;
        }
      },
      createWriteStream(join(target, name), { mode: 0o600, flush: true }),
    );
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC')
      throw new StorageError('full', `There is no room for the backup in ${target}`, { cause: error });
    throw new StorageError('misconfigured', `${name} of the backup cannot be copied: ${message}`, { cause: error });
  }
  if (length === bytes && hash.digest('hex') === sha256) return;
  throw new StorageError(
    'corrupt',
    `${join(source, name)} is not what was backed up: its checksum differs. Restore another backup; nothing was changed`,
  );
}

/** Whether the program can go on with the two: they are whole, and the log holds what comes after the positions. */
function checkTogether({ files }: BackupManifest, directory: string): void {
  const snapshots = new Map<string, SqliteSnapshot>();
  try {
    for (const { name } of files) {
      if (!name.endsWith('.sqlite')) continue;
      const snapshot = new SqliteSnapshot({ path: join(directory, name), name, withoutBackup: 'restore another one' });
      snapshots.set(name, snapshot);
      const [[verdict] = []] = snapshot.rows('PRAGMA quick_check(1)');
      if (verdict !== 'ok') throw new StorageError('corrupt', `${name} of the backup is damaged: ${String(verdict)}`);
    }
    const log = snapshots.get('events.sqlite');
    const gap = log === undefined ? null : gapBetween(positionsOf(snapshots.get('metrics.sqlite')), log);
    if (gap !== null) throw new StorageError('corrupt', `The files of the backup do not belong together: ${gap}`);
  } finally {
    for (const snapshot of snapshots.values()) snapshot.close();
  }
}
