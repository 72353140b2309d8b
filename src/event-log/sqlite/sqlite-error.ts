import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';

/**
 * What SQLite's primary result codes (sqlite.org/rescode.html) mean for a log. Whatever is not listed is taken as
 * passing, because the caller answers 503 and tries again.
 */
const MEANINGS: Readonly<Record<number, { code: StorageErrorCode; advice: string }>> = {
  3: { code: 'misconfigured', advice: 'the file may not be read or written; check its owner and mode' },
  5: {
    code: 'unavailable',
    advice: 'another process holds it locked; is a second StreamLens using this data directory?',
  },
  8: { code: 'misconfigured', advice: 'the file or its directory is read-only; check their mode and the mount' },
  10: { code: 'unavailable', advice: 'the disk did not read or write; check its health and free space' },
  11: { code: 'corrupt', advice: 'the file is damaged; restore it from a backup or move it away to begin a new log' },
  13: { code: 'full', advice: 'the disk is full; free some space, StreamLens goes on by itself' },
  14: {
    code: 'misconfigured',
    advice: 'the file cannot be opened; check that the directory exists and may be written',
  },
  26: { code: 'corrupt', advice: 'the file is no SQLite database; move it away to begin a new log' },
};

export function asStorageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const cause = error as Error & { errcode?: number };
  if (error instanceof RangeError) {
    return new StorageError('corrupt', `Event log ${path}: ${cause.message}`, { cause: error });
  }
  const meaning = MEANINGS[(cause.errcode ?? 0) & 0xff] ?? { code: 'unavailable', advice: cause.message };
  return new StorageError(meaning.code, `Event log ${path}: ${meaning.advice}`, { cause: error });
}
