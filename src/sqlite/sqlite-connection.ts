import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StorageError } from '../storage/storage-error.ts';
import { asStorageError, type SqliteFile } from './sqlite-errors.ts';

/** How long a write waits for the file's one writer lock. */
const BUSY_MS_MAX = 5_000;

/** How much a checkpoint leaves of the WAL file; without it a burst would keep its size for ever. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;

export type SqlValue = number | bigint | string | Uint8Array | null;

export interface SqliteConnectionOptions {
  readonly file: SqliteFile;
  /**
   * What a commit survives. `power-cut`: each waits for the disk. `crash`: a power cut may undo the last commits, but
   * never damages the file.
   */
  readonly survives: 'power-cut' | 'crash';
  readonly readOnly?: boolean;
  /** Asked every few rows: true ends the reading with an error. */
  readonly isInterrupted?: () => boolean;
}

/** So many rows are read in a millisecond or less. */
const ROWS_PER_LOOK = 128;

/** One connection to a file in WAL mode: readers never wait for the writer. Every call blocks its thread. */
export class SqliteConnection {
  readonly path: string;
  readonly #file: SqliteFile;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #damage: StorageError | null = null;

  readonly #isInterrupted: (() => boolean) | undefined;
  /** Of all statements: a question may be thousands of them with a few rows each. */
  #rowCount = 0;
  /** The readings that the work of now has begun and not ended; null where there is none. */
  #readings: Set<Generator<SqlValue[]>> | null = null;

  /** @throws {StorageError} when the file cannot be opened */
  constructor({ file, survives, readOnly = false, isInterrupted }: SqliteConnectionOptions) {
    this.path = file.path;
    this.#file = file;
    this.#isInterrupted = isInterrupted;
    try {
      this.#database = new DatabaseSync(file.path, { timeout: BUSY_MS_MAX });
      if (!readOnly) this.#enterWal();
      this.exec(`PRAGMA synchronous = ${survives === 'power-cut' ? 'FULL' : 'NORMAL'}`);
      this.exec(`PRAGMA journal_size_limit = ${WAL_BYTES_MAX}`);
      // Pages are cleared where they are written anyway: else a piece of a row could outlive its deletion elsewhere.
      this.exec('PRAGMA secure_delete = FAST');
      // A connection opened read-only could not recover a WAL after a crash; this one can, and still changes no row.
      if (readOnly) this.exec('PRAGMA query_only = ON');
    } catch (error) {
      throw asStorageError(file, error);
    }
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Lets SQL of this connection call `compute`, which must give the same value for the same two arguments. */
  define(name: string, compute: (a: SqlValue, b: SqlValue) => SqlValue): void {
    this.#database.function(name, { deterministic: true, directOnly: true }, compute);
  }

  /**
   * The statement, prepared at its first use. Rows come as arrays, in the order of the selected columns, and every
   * integer as a `bigint`: costs may pass 2^53, where reading as `number` would throw.
   */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /**
   * Rows one by one, so that a scan ends where its reader stops. Do not run the same statement inside the loop. What is
   * begun in `read`, `write` or `ask` ends with it.
   */
  rows(sql: string, ...values: SqlValue[]): Iterable<SqlValue[]> {
    const reading: Generator<SqlValue[]> = this.#readingOf(
      this.statement(sql).iterate(...values) as unknown as Iterable<SqlValue[]>,
      () => readings?.delete(reading),
    );
    const readings = this.#readings?.add(reading);
    return reading;
  }

  /** For work between rows. @throws {StorageError} when nobody waits for the answer any more */
  endIfInterrupted(): void {
    if (this.#isInterrupted?.() === true) throw new StorageError('unavailable', 'The question was given up.');
  }

  row(sql: string, ...values: SqlValue[]): SqlValue[] | undefined {
    return this.statement(sql).get(...values) as unknown as SqlValue[] | undefined;
  }

  run(sql: string, ...values: SqlValue[]): void {
    this.statement(sql).run(...values);
  }

  /**
   * All or nothing. The write lock is taken at once, as a later upgrade from reading could fail with no way to wait.
   */
  write<T>(change: () => T): T {
    return this.#inTransaction('BEGIN IMMEDIATE', change);
  }

  /** Several statements that see one state of the file. */
  read<T>(question: () => T): T {
    return this.#inTransaction('BEGIN', question);
  }

  /** One statement, or several that need not see one state of the file, with their failures as `StorageError`. */
  ask<T>(question: () => T): T {
    try {
      return this.#endingReadings(question);
    } catch (error) {
      throw this.#noted(asStorageError(this.#file, error));
    }
  }

  /** @throws {StorageError} when the file cannot be written now */
  checkWritable(): void {
    this.write(() => undefined);
  }

  /** @throws {StorageError} `corrupt` when the file was seen to be damaged since it was opened */
  checkUndamaged(): void {
    if (this.#damage !== null) throw this.#damage;
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #inTransaction<T>(begin: string, work: () => T): T {
    try {
      this.#database.exec(begin);
      const result = this.#endingReadings(work);
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself rolls back after some errors (a full disk); rolling back again would hide the first error.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw this.#noted(asStorageError(this.#file, error));
    }
  }

  /**
   * Whoever stops between two rows, and lets nobody know, leaves the statement open, and with it the state of the file
   * that it reads: the connection would see nothing that is committed later, and the WAL would grow.
   */
  #endingReadings<T>(work: () => T): T {
    const outer = this.#readings;
    const readings = new Set<Generator<SqlValue[]>>();
    this.#readings = readings;
    try {
      return work();
    } finally {
      for (const reading of readings) reading.return(undefined);
      this.#readings = outer;
    }
  }

  /** A file that was seen to be damaged stays so until a person mends it. */
  #noted(error: unknown): unknown {
    if (error instanceof StorageError && error.code === 'corrupt') this.#damage = error;
    return error;
  }

  /** @throws {StorageError} when nobody waits for the rows any more */
  *#readingOf(rows: Iterable<SqlValue[]>, onEnd: () => void): Generator<SqlValue[]> {
    try {
      for (const row of rows) {
        if (++this.#rowCount % ROWS_PER_LOOK === 0) this.endIfInterrupted();
        yield row;
      }
    } finally {
      onEnd();
    }
  }

  /** The change to WAL does not wait for others by itself: several processes may create the file at the same time. */
  #enterWal(): void {
    const giveUpAt = performance.now() + BUSY_MS_MAX;
    for (;;) {
      try {
        this.exec('PRAGMA journal_mode = WAL');
        return;
      } catch (error) {
        const isBusy = error instanceof Error && 'errcode' in error && error.errcode === 5;
        if (!isBusy || performance.now() > giveUpAt) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
  }
}
