import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { takeDataDirectory } from '../open/data-directory.ts';
import { logPath } from '../open/open-log.ts';
import { storePath } from '../open/open-store.ts';
import { broken, type Finding, note, ok } from './finding.ts';

const GIB = 1024 ** 3;
const FREE_BYTES_MIN = GIB / 4;
const FREE_BYTES_COMFORTABLE = 2 * GIB;

/** The data directory: whether it can be written, who has it, and how much room there is. */
export async function checkDataDirectory(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  const path = resolve(settings.dataDir);
  if (!existsSync(path)) return [checkParent(path), checkRoom(existingParent(path))];
  return [checkWritable(path), checkRoom(path), ...checkFiles(settings)];
}

/** Whether something else runs on the directory: then its ports are its own. */
export function isInUse(settings: SettingsOf<'doctor'>): boolean {
  if (!existsSync(settings.dataDir)) return false;
  try {
    takeDataDirectory(settings.dataDir)();
    return false;
  } catch (error) {
    return error instanceof SettingError && error.message.startsWith('Another StreamLens');
  }
}

export function checkRoom(path: string, free = freeBytes(path)): Finding {
  const room = `${(free / GIB).toFixed(1)} GiB are free at ${path}`;
  if (free < FREE_BYTES_MIN) return broken('disk', `${room}; free some, or shorten LOG_RETENTION and CALLS_RETENTION`);
  if (free < FREE_BYTES_COMFORTABLE) return note('disk', `${room}; an hour of heavy load may need more`);
  return ok('disk', room);
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function checkParent(path: string): Finding {
  const parent = existingParent(path);
  return canWrite(parent)
    ? note('data directory', `${path} is not there yet; the first start creates it`)
    : broken(
        'data directory',
        `${path} cannot be created: ${parent} may not be written by this user; set STREAMLENS_DATA_DIR`,
      );
}

function existingParent(path: string): string {
  let parent = dirname(path);
  while (!existsSync(parent)) parent = dirname(parent);
  return parent;
}

function checkWritable(path: string): Finding {
  return canWrite(path)
    ? ok('data directory', `${path} can be written`)
    : broken('data directory', `${path} may not be written by this user; change its owner, or set STREAMLENS_DATA_DIR`);
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkFiles(settings: SettingsOf<'doctor'>): readonly Finding[] {
  const files = [
    ['event log', logPath(settings), settings.kafkaBrokers === undefined],
    ['metrics store', storePath(settings), settings.postgresDsn === undefined],
  ] as const;
  return files.flatMap(([what, path, isUsed]) => {
    if (!isUsed || !existsSync(path)) return [];
    return [ok(what, `${path} takes ${(statSync(path).size / 1024 ** 2).toFixed(1)} MiB`)];
  });
}
