import { StorageError, type StorageErrorCode } from '../storage/storage-error.ts';

/** What a file is to its operator, for the messages of errors. */
export interface SqliteFile {
  readonly path: string;
  /** The beginning of a sentence, e.g. `The event log`. */
  readonly name: string;
  /** What to do when it is damaged and there is no backup, e.g. `move it away to begin a new log`. */
  readonly withoutBackup: string;
}

interface Verdict {
  readonly code: StorageErrorCode;
  readonly advice: string;
}

/**
 * SQLite's primary result codes (https://sqlite.org/rescode.html) that the world can cause, and what to do about each.
 * Whatever is not listed (an error in the SQL, a broken constraint) is a bug, and trying it again would not help.
 */
const VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [3, { code: 'misconfigured', advice: 'may not be read or written; check its owner and mode' }],
  [
    5,
    {
      code: 'unavailable',
      advice:
        'is locked by another process for longer than 5 s; is a second StreamLens using it? Stop that one or try again',
    },
  ],
  [6, { code: 'unavailable', advice: 'has a locked table; try again' }],
  [7, { code: 'unavailable', advice: 'cannot be used, as there is no memory left; free some' }],
  [
    8,
    { code: 'misconfigured', advice: 'cannot be written; give this user write access to the file and its directory' },
  ],
  [10, { code: 'unavailable', advice: 'could not be read or written; check the disk, its health and its free space' }],
  [13, { code: 'full', advice: 'cannot grow: the disk is full; free some space, StreamLens goes on by itself' }],
  [14, { code: 'misconfigured', advice: 'cannot be opened; check that its directory exists and may be written' }],
  [15, { code: 'unavailable', advice: 'is being opened by too many at once; try again' }],
  [23, { code: 'misconfigured', advice: 'may not be accessed; check the rights of the file' }],
]);

const DAMAGED = 11;
const NO_DATABASE = 26;

/**
 * A failure of the world as a `StorageError`; anything else (a bug) as it came. Extended codes carry the primary one in
 * their lowest byte.
 */
export function asStorageError(file: SqliteFile, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const verdict = verdictOf(error.errcode & 0xff, file);
  if (verdict === undefined) return error;
  const message = `${file.name} ${file.path} ${verdict.advice} (SQLite: ${error.message}).`;
  return new StorageError(verdict.code, message, { cause: error });
}

function verdictOf(code: number, { withoutBackup }: SqliteFile): Verdict | undefined {
  if (code === DAMAGED) {
    return { code: 'corrupt', advice: `is damaged; restore it from a backup, or ${withoutBackup}` };
  }
  if (code === NO_DATABASE) {
    return { code: 'corrupt', advice: `is no SQLite database; choose another path, or ${withoutBackup}` };
  }
  return VERDICTS.get(code);
}
