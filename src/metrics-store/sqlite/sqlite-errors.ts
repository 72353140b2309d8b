import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';

/**
 * SQLite's primary result codes (https://sqlite.org/rescode.html) that the world can cause, and what to do about each.
 */
const ADVICE: ReadonlyMap<number, { readonly code: StorageErrorCode; readonly advice: string }> = new Map([
  [
    5,
    {
      code: 'unavailable',
      advice: 'is locked by another process for longer than 5 s; stop the other process or try again',
    },
  ],
  [6, { code: 'unavailable', advice: 'has a locked table; try again' }],
  [
    8,
    { code: 'misconfigured', advice: 'cannot be written; give this user write access to the file and its directory' },
  ],
  [10, { code: 'unavailable', advice: 'could not be read or written by the operating system; check the disk' }],
  [11, { code: 'corrupt', advice: 'is damaged; restore it from a backup, or move it away and replay the log' }],
  [13, { code: 'full', advice: 'cannot grow: the disk is full; free some space, or shorten the retention' }],
  [14, { code: 'misconfigured', advice: 'cannot be opened; check that its directory exists and may be written' }],
  [23, { code: 'misconfigured', advice: 'may not be accessed; check the rights of the file' }],
  [26, { code: 'corrupt', advice: 'is no SQLite database; choose another path, or move the file away' }],
]);

/**
 * A failure of the world as a `StorageError`; anything else (a bug) as it came. Extended codes carry the primary
 * one in their lowest byte.
 */
export function asStoreError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const known = ADVICE.get(error.errcode & 0xff);
  if (known === undefined) return error;
  const message = `The metrics store ${path} ${known.advice} (SQLite: ${error.message}).`;
  return new StorageError(known.code, message, { cause: error });
}
