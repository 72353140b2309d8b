import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SettingError } from '../../settings/read-settings.ts';
import { makePrivateDirectory } from './private-directory.ts';

/**
 * Takes a data directory for this process, so that no second one can write into it.
 *
 * The lock is a SQLite file held in an exclusive transaction: the operating system lets go of it when the process
 * ends, however it ends, so nothing stale can stay behind.
 *
 * @returns lets go of it. @throws {SettingError} when it cannot be written, or another process has it
 */
export function takeDataDirectory(path: string): () => void {
  try {
    makePrivateDirectory(path);
  } catch (error) {
    throw notWritable(path, error);
  }
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(path, 'lock.sqlite'), { timeout: 0 });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const held = lock;
    return () => {
      if (held.isOpen) held.close();
    };
  } catch (error) {
    if (lock?.isOpen) lock.close();
    if (((error as { errcode?: number }).errcode ?? 0) === SQLITE_BUSY) {
      throw new SettingError(
        `Another StreamLens is using the data directory ${path}; stop it, or give this one its own with --data-dir (STREAMLENS_DATA_DIR)`,
      );
    }
    throw notWritable(path, error);
  }
}

const SQLITE_BUSY = 5;

function notWritable(path: string, error: unknown): SettingError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = REASONS[code] ?? message.split(',', 1)[0];
  return new SettingError(
    `--data-dir/STREAMLENS_DATA_DIR must be a directory that can be written; got ${path}: ${reason}`,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file',
  ENOENT: 'it cannot be made there',
  ENOSPC: 'the disk is full',
};
