import { backup, DatabaseSync } from 'node:sqlite';
import { asStorageError, type SqliteFile } from './sqlite-errors.ts';

/** Pages copied at a time, off the main thread: 4 MiB. */
const PAGES_PER_STEP = 1024;

/**
 * One moment of a file in WAL mode, held while it is copied. Others go on writing meanwhile; what they write stays in
 * the WAL until the snapshot is closed, so the copy neither starts again nor mixes two moments.
 */
export class SqliteSnapshot {
  readonly #file: SqliteFile;
  readonly #database: DatabaseSync;

  /** @throws {StorageError} when the file cannot be read */
  constructor(file: SqliteFile) {
    this.#file = file;
    try {
      this.#database = new DatabaseSync(file.path, { timeout: 5_000 });
      // The first reading takes the snapshot, not BEGIN.
      this.#database.exec('PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema');
    } catch (error) {
      throw asStorageError(file, error);
    }
  }

  bytes(): number {
    return this.#number('PRAGMA page_count') * this.#number('PRAGMA page_size');
  }

  /** All rows of a query, as of the moment. */
  rows(sql: string): readonly unknown[][] {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    return statement.all() as unknown as unknown[][];
  }

  /** @param onCopied is told how many bytes are there so far */
  async copyTo(path: string, onCopied: (bytes: number) => void): Promise<void> {
    const pageBytes = this.#number('PRAGMA page_size');
    try {
      await backup(this.#database, path, {
        rate: PAGES_PER_STEP,
        progress: ({ totalPages, remainingPages }) => onCopied((totalPages - remainingPages) * pageBytes),
      });
    } catch (error) {
      throw asStorageError(this.#file, error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #number(sql: string): number {
    const [value] = this.rows(sql)[0] ?? [];
    return Number(value);
  }
}
