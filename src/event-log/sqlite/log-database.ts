import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { TOPICS, type Topic } from '../../events/topics.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { LogRecord } from '../event-log.ts';
import { type Block, decodeBlock } from './block-codec.ts';
import { asStorageError } from './sqlite-error.ts';

/** One table per topic; the offset of a record is that of its block's first record plus its place in it. */
const TABLES: Readonly<Record<Topic, string>> = {
  [TOPICS.requests]: 'requests',
  [TOPICS.responses]: 'responses',
  [TOPICS.evaluations]: 'evaluations',
  [TOPICS.reports]: 'reports',
  [TOPICS.metrics]: 'metrics',
  [TOPICS.deadLetters]: 'dead_letters',
};

/** 1 had no checksums and was never released. */
const SCHEMA_VERSION = 2;

const SCHEMA = Object.values(TABLES)
  .map(
    (table) => `
CREATE TABLE IF NOT EXISTS ${table} (
  first_offset INTEGER PRIMARY KEY,
  record_count INTEGER NOT NULL,
  logged_at_ms INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;`,
  )
  .join('');

interface BlockRow {
  readonly first_offset: number;
  readonly record_count: number;
  readonly logged_at_ms: number;
  readonly checksum: number;
  readonly body: Uint8Array;
}

interface LastRow {
  readonly next_offset: number;
  readonly logged_at_ms: number;
}

/**
 * The log's file. Everything here blocks, so it runs in worker threads: one connection appends, others read.
 *
 * WAL with `synchronous=FULL`: a committed append survives a power cut, and readers never block the appender.
 */
export class LogDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws {StorageError} when the file cannot be opened, is damaged or of a newer release */
  constructor(path: string) {
    try {
      this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;');
      this.#migrate();
    } catch (error) {
      throw asStorageError(error, path);
    }
  }

  /** Appends blocks in one durable transaction. `stamp` is given the last stamp and answers with the new one. */
  append(blocks: readonly Block[], stamp: (lastMs: number) => number): void {
    this.#guard(() => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const atMs = stamp(this.lastStampMs());
        for (const { topic, recordCount, body } of blocks) {
          const next = this.endOffset(topic);
          this.#prepared(`INSERT INTO ${TABLES[topic]} VALUES (?, ?, ?, ?, ?)`).run(
            next,
            recordCount,
            atMs,
            crc32(body),
            body,
          );
        }
        this.#db.exec('COMMIT');
      } catch (error) {
        // A full disk may have rolled back already.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Records in `[from, to)`, about `bytesMax` of them but at least one block where there is any. */
  read(topic: Topic, range: { from: number; to: number }, bytesMax: number): LogRecord[] {
    return this.#guard(() => {
      const first = this.#prepared(
        `SELECT coalesce(max(first_offset), ?1) AS at FROM ${TABLES[topic]} WHERE first_offset <= ?1`,
      ).get(range.from) as { at: number };
      const rows = this.#prepared(
        `SELECT * FROM ${TABLES[topic]} WHERE first_offset >= ? AND first_offset < ? ORDER BY first_offset`,
      ).iterate(first.at, range.to) as Iterable<unknown> as Iterable<BlockRow>;
      const records: LogRecord[] = [];
      let bytes = 0;
      for (const row of rows) {
        bytes += row.body.length;
        const block = checkedBlock(topic, row);
        for (const record of block) if (record.offset >= range.from && record.offset < range.to) records.push(record);
        if (bytes >= bytesMax) break;
      }
      return records;
    });
  }

  startOffset(topic: Topic): number {
    return this.#guard(() => {
      const row = this.#prepared(`SELECT min(first_offset) AS at FROM ${TABLES[topic]}`).get() as { at: number | null };
      return row.at ?? this.endOffset(topic);
    });
  }

  endOffset(topic: Topic): number {
    return this.#guard(() => this.#last(topic)?.next_offset ?? 0);
  }

  /** The first offset stamped at or after `atMs`, or the end. */
  offsetAt(topic: Topic, atMs: number): number {
    return this.#guard(() => {
      let low = this.startOffset(topic);
      let high = this.endOffset(topic);
      const probe = this.#prepared(
        `SELECT first_offset, record_count, logged_at_ms FROM ${TABLES[topic]}
         WHERE first_offset <= ? ORDER BY first_offset DESC LIMIT 1`,
      );
      // Stamps never fall, so bisection needs no index on them.
      while (low < high) {
        const block = probe.get(Math.floor((low + high) / 2)) as unknown as Omit<BlockRow, 'body'>;
        if (block.logged_at_ms >= atMs) high = block.first_offset;
        else low = block.first_offset + block.record_count;
      }
      return low;
    });
  }

  /** Forgets whole blocks stamped before `beforeMs` that lie before `beforeOffset`; the last block always stays. */
  prune(topic: Topic, before: { ms: number; offset: number }): void {
    this.#guard(() => {
      this.#prepared(
        `DELETE FROM ${TABLES[topic]} WHERE first_offset + record_count <= ?1 AND first_offset < (
           SELECT coalesce(min(first_offset), ?1) FROM ${TABLES[topic]} WHERE logged_at_ms >= ?2)
         AND first_offset < (SELECT max(first_offset) FROM ${TABLES[topic]})`,
      ).run(before.offset, before.ms);
    });
  }

  /**
   * Null where all blocks together take less than `bytesMax`; else the stamp after the oldest of them that are too
   * many.
   */
  stampBeyond(bytesMax: number): number | null {
    return this.#guard(() => {
      let excess = this.#usedBytes() - bytesMax;
      if (excess <= 0) return null;
      const blocks = Object.values(TABLES)
        .map((table) => `SELECT logged_at_ms, length(body) AS bytes FROM ${table}`)
        .join(' UNION ALL ');
      const oldest = this.#prepared(`${blocks} ORDER BY logged_at_ms`).iterate();
      for (const row of oldest) {
        excess -= Number(row['bytes']) + BLOCK_OVERHEAD_BYTES;
        if (excess <= 0) return Number(row['logged_at_ms']) + 1;
      }
      return Number.MAX_SAFE_INTEGER;
    });
  }

  /** Without the pages that were freed and are used again. */
  #usedBytes(): number {
    const pragma = (name: string) => Number(Object.values(this.#prepared(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  /** The newest stamp of all topics; 0 where there is none. */
  lastStampMs(): number {
    return Math.max(0, ...Object.values(TOPICS).map((topic) => this.#last(topic)?.logged_at_ms ?? 0));
  }

  /**
   * Gives the blocks stamped after `afterMs` other stamps, which must not fall where the old ones did not. @returns how
   * many
   */
  restamp(afterMs: number, stamp: (loggedAtMs: number) => number): number {
    return this.#guard(() => {
      let count = 0;
      this.#db.exec('BEGIN IMMEDIATE');
      for (const table of Object.values(TABLES)) {
        const wrong = this.#prepared(`SELECT first_offset, logged_at_ms FROM ${table} WHERE logged_at_ms > ?`);
        const update = this.#prepared(`UPDATE ${table} SET logged_at_ms = ? WHERE first_offset = ?`);
        for (const row of wrong.all(afterMs)) {
          update.run(stamp(Number(row['logged_at_ms'])), Number(row['first_offset']));
          count++;
        }
      }
      this.#db.exec('COMMIT');
      return count;
    });
  }

  /** How many blocks are stamped after `atMs`. */
  countStampedAfter(atMs: number): number {
    return this.#guard(() => {
      const counts = Object.values(TABLES).map(
        (table) => this.#prepared(`SELECT count(*) AS n FROM ${table} WHERE logged_at_ms > ?`).get(atMs)?.['n'] ?? 0,
      );
      return counts.reduce<number>((sum, count) => sum + Number(count), 0);
    });
  }

  /** The newest stamp that is not after `atMs`; 0 where there is none. */
  newestStampUntil(atMs: number): number {
    return this.#guard(() => {
      const newest = Object.values(TABLES).map(
        (table) =>
          this.#prepared(`SELECT max(logged_at_ms) AS at FROM ${table} WHERE logged_at_ms <= ?`).get(atMs)?.['at'] ?? 0,
      );
      return Math.max(...newest.map(Number));
    });
  }

  /** @throws {StorageError} when the file cannot be written now */
  checkWritable(): void {
    this.#guard(() => {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#db.exec('ROLLBACK');
    });
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #last(topic: Topic): LastRow | undefined {
    return this.#prepared(
      `SELECT first_offset + record_count AS next_offset, logged_at_ms FROM ${TABLES[topic]}
       ORDER BY first_offset DESC LIMIT 1`,
    ).get() as LastRow | undefined;
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  #migrate(): void {
    const { user_version: version } = this.#db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > SCHEMA_VERSION) {
      throw new StorageError(
        'misconfigured',
        'The event log was written by a newer release of StreamLens; use that one',
      );
    }
    if (version === 1) {
      throw new StorageError(
        'misconfigured',
        'The event log is of a version before the first release, whose log is not upgraded; move it away to begin a new one',
      );
    }
    if (version < SCHEMA_VERSION) {
      this.#db.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    }
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asStorageError(error, this.#db.location() ?? 'the event log');
    }
  }
}

/** SQLite has no checksums of its own, so a bit that a disk flips would become another number on the dashboard. */
function checkedBlock(topic: Topic, row: BlockRow): LogRecord[] {
  const isWhole = crc32(row.body) === row.checksum;
  const records = isWhole
    ? decodeBlock({ body: row.body, firstOffset: row.first_offset, loggedAtMs: row.logged_at_ms })
    : [];
  if (isWhole && records.length === row.record_count) return records;
  throw new RangeError(
    `the block of ${topic} at offset ${row.first_offset} does not match its checksum, so the file is damaged. ` +
      'Check the disk, stop StreamLens, and restore a backup of the directory; docs/operations.md says what to do without one',
  );
}

/** What a row takes beside its body: its columns and its share of the pages. */
const BLOCK_OVERHEAD_BYTES = 64;

/** Another connection holds the write lock for at most one append. */
const BUSY_TIMEOUT_MS = 5000;
