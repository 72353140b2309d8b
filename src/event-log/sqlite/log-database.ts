import { crc32 } from 'node:zlib';
import { TOPICS, type Topic } from '../../events/topics.ts';
import { SqliteConnection, type SqlValue } from '../../sqlite/sqlite-connection.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { LogRecord } from '../event-log.ts';
import { type Block, decodeBlock, encodeBlockBody, upgradeBlockBody } from './block-codec.ts';

/** One table per topic; the offset of a record is that of its block's first record plus its place in it. */
const TABLES: Readonly<Record<Topic, string>> = {
  [TOPICS.requests]: 'requests',
  [TOPICS.responses]: 'responses',
  [TOPICS.evaluations]: 'evaluations',
  [TOPICS.reports]: 'reports',
  [TOPICS.metrics]: 'metrics',
  [TOPICS.deadLetters]: 'dead_letters',
};

const BLOCK_COLUMNS = 'first_offset, record_count, logged_at_ms, checksum, body';

/** 1, of the release 0.1.0, had neither checksums nor the tenants of senders. */
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

/** A row of a topic's table: first offset, record count, stamp, checksum, body. */
type BlockRow = readonly [
  firstOffset: bigint,
  recordCount: bigint,
  loggedAtMs: bigint,
  checksum: bigint,
  body: Uint8Array,
];

/**
 * The log's file. Everything here blocks, so it runs in worker threads: one connection appends, others read. A
 * committed append survives a power cut, and readers never block the appender.
 */
export class LogDatabase {
  readonly #file: SqliteConnection;

  /** @throws {StorageError} when the file cannot be opened, is damaged or of a newer release */
  constructor(path: string) {
    this.#file = new SqliteConnection({
      file: { path, name: 'The event log', withoutBackup: 'move it away to begin a new log' },
      survives: 'power-cut',
    });
    try {
      this.#file.ask(() => this.#migrate());
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Appends blocks in one durable transaction. `stamp` is given the last stamp and answers with the new one. */
  append(blocks: readonly Block[], stamp: (lastMs: number) => number): void {
    this.#file.write(() => {
      const atMs = stamp(this.lastStampMs());
      for (const { topic, recordCount, body } of blocks) {
        const next = this.endOffset(topic);
        const insert = `INSERT INTO ${TABLES[topic]} VALUES (?, ?, ?, ?, ?)`;
        this.#file.run(insert, next, recordCount, atMs, crc32(body), body);
      }
    });
  }

  /** Records in `[from, to)`, about `bytesMax` of them but at least one block where there is any. */
  read(topic: Topic, range: { from: number; to: number }, bytesMax: number): LogRecord[] {
    return this.#file.ask(() => {
      const first = this.#number(
        `SELECT coalesce(max(first_offset), ?1) FROM ${TABLES[topic]} WHERE first_offset <= ?1`,
        range.from,
      );
      const rows = this.#file.rows(
        `SELECT ${BLOCK_COLUMNS} FROM ${TABLES[topic]}
         WHERE first_offset >= ? AND first_offset < ? ORDER BY first_offset`,
        first,
        range.to,
      ) as Iterable<unknown> as Iterable<BlockRow>;
      const records: LogRecord[] = [];
      let bytes = 0;
      for (const row of rows) {
        bytes += row[4].length;
        const block = this.#checkedBlock(topic, row);
        for (const record of block) if (record.offset >= range.from && record.offset < range.to) records.push(record);
        if (bytes >= bytesMax) break;
      }
      return records;
    });
  }

  startOffset(topic: Topic): number {
    return this.#file.ask(() => {
      const [first = null] = this.#file.row(`SELECT min(first_offset) FROM ${TABLES[topic]}`) ?? [];
      return first === null ? this.endOffset(topic) : Number(first);
    });
  }

  endOffset(topic: Topic): number {
    return this.#file.ask(() => this.#last(topic).nextOffset);
  }

  /** The first offset stamped at or after `atMs`, or the end. */
  offsetAt(topic: Topic, atMs: number): number {
    return this.#file.ask(() => {
      let low = this.startOffset(topic);
      let high = this.endOffset(topic);
      const probe = `SELECT first_offset, record_count, logged_at_ms FROM ${TABLES[topic]}
         WHERE first_offset <= ? ORDER BY first_offset DESC LIMIT 1`;
      // Stamps never fall, so bisection needs no index on them.
      while (low < high) {
        const block = this.#file.row(probe, Math.floor((low + high) / 2)) ?? [];
        const [firstOffset, recordCount, loggedAtMs] = [Number(block[0]), Number(block[1]), Number(block[2])];
        if (loggedAtMs >= atMs) high = firstOffset;
        else low = firstOffset + recordCount;
      }
      return low;
    });
  }

  /** Forgets whole blocks stamped before `beforeMs` that lie before `beforeOffset`; the last block always stays. */
  prune(topic: Topic, before: { ms: number; offset: number }): void {
    this.#file.ask(() =>
      this.#file.run(
        `DELETE FROM ${TABLES[topic]} WHERE first_offset + record_count <= ?1 AND first_offset < (
           SELECT coalesce(min(first_offset), ?1) FROM ${TABLES[topic]} WHERE logged_at_ms >= ?2)
         AND first_offset < (SELECT max(first_offset) FROM ${TABLES[topic]})`,
        before.offset,
        before.ms,
      ),
    );
  }

  /**
   * Null where all blocks together take less than `bytesMax`; else the stamp after the oldest of them that are too
   * many.
   */
  stampBeyond(bytesMax: number): number | null {
    return this.#file.ask(() => {
      let excess = this.#usedBytes() - bytesMax;
      if (excess <= 0) return null;
      const blocks = Object.values(TABLES)
        .map((table) => `SELECT logged_at_ms, length(body) FROM ${table}`)
        .join(' UNION ALL ');
      for (const [loggedAtMs, bytes] of this.#file.rows(`${blocks} ORDER BY logged_at_ms`)) {
        excess -= Number(bytes) + BLOCK_OVERHEAD_BYTES;
        if (excess <= 0) return Number(loggedAtMs) + 1;
      }
      return Number.MAX_SAFE_INTEGER;
    });
  }

  /** The bytes of the file without the pages that were freed and are used again. */
  #usedBytes(): number {
    const pages = this.#number('PRAGMA page_count') - this.#number('PRAGMA freelist_count');
    return pages * this.#number('PRAGMA page_size');
  }

  /** The newest stamp of all topics; 0 where there is none. */
  lastStampMs(): number {
    return this.#file.ask(() => Math.max(0, ...Object.values(TOPICS).map((topic) => this.#last(topic).loggedAtMs)));
  }

  /**
   * Gives the blocks stamped after `afterMs` other stamps, which must not fall where the old ones did not. @returns how
   * many
   */
  restamp(afterMs: number, stamp: (loggedAtMs: number) => number): number {
    return this.#file.write(() => {
      let count = 0;
      for (const table of Object.values(TABLES)) {
        // All of them first: an update under a running query could show a row twice.
        const wrong = Array.from(
          this.#file.rows(`SELECT first_offset, logged_at_ms FROM ${table} WHERE logged_at_ms > ?`, afterMs),
        );
        for (const [firstOffset = null, loggedAtMs] of wrong) {
          const stampMs = stamp(Number(loggedAtMs));
          this.#file.run(`UPDATE ${table} SET logged_at_ms = ? WHERE first_offset = ?`, stampMs, firstOffset);
          count++;
        }
      }
      return count;
    });
  }

  /**
   * Gives records other values, or leaves nothing of them but their place. `pages` are transactions of their own, so
   * that others append in between; `held` is for within `hold`; `count` changes nothing. @returns how many records
   */
  rewrite(
    topic: Topic,
    { from, to }: { from: number; to: number },
    change: (record: LogRecord) => 'keep' | 'drop' | Uint8Array,
    { mode, looked }: { mode: 'pages' | 'held' | 'count'; looked: (count: number) => void },
  ): number {
    // What is overwritten must not lie in the file until its page is used again.
    if (mode !== 'count') this.#file.exec('PRAGMA secure_delete = ON');
    let changed = 0;
    for (let next = from; next < to; ) {
      const rows = this.#file.ask(() => [
        ...(this.#file.rows(
          `SELECT ${BLOCK_COLUMNS} FROM ${TABLES[topic]} WHERE first_offset >= ? AND first_offset < ?
           ORDER BY first_offset LIMIT ${REWRITE_BLOCKS_MAX}`,
          next,
          to,
        ) as Iterable<unknown> as Iterable<BlockRow>),
      ]);
      const last = rows.at(-1);
      if (last === undefined) break;
      next = Number(last[0]) + Number(last[1]);
      const bodies = rows.flatMap((row) => {
        const { records, count } = changedRecords(this.#checkedBlock(topic, row), change);
        changed += count;
        looked(records.length);
        return count === 0 || mode === 'count' ? [] : [{ firstOffset: row[0], body: encodeBlockBody(records) }];
      });
      if (bodies.length === 0) continue;
      const save = (): void => {
        const update = `UPDATE ${TABLES[topic]} SET body = ?, checksum = ? WHERE first_offset = ?`;
        for (const { firstOffset, body } of bodies) this.#file.run(update, body, crc32(body), firstOffset);
      };
      if (mode === 'held') save();
      else this.#file.write(save);
    }
    return changed;
  }

  /** While `work` runs nothing is appended. What it rewrites is there for others when it ends. */
  hold(work: () => void): void {
    this.#file.write(work);
  }

  /** What was overwritten stays in the WAL until it is; where readers hold that, the next checkpoint does it. */
  truncateWal(): void {
    this.#file.ask(() => this.#file.row('PRAGMA wal_checkpoint(TRUNCATE)'));
  }

  /** How many blocks are stamped after `atMs`. */
  countStampedAfter(atMs: number): number {
    const counts = this.#file.ask(() =>
      Object.values(TABLES).map((table) => this.#number(`SELECT count(*) FROM ${table} WHERE logged_at_ms > ?`, atMs)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The newest stamp that is not after `atMs`; 0 where there is none. */
  newestStampUntil(atMs: number): number {
    return this.#file.ask(() =>
      Math.max(
        ...Object.values(TABLES).map((table) =>
          this.#number(`SELECT max(logged_at_ms) FROM ${table} WHERE logged_at_ms <= ?`, atMs),
        ),
      ),
    );
  }

  /** @throws {StorageError} when the file cannot be written now */
  checkWritable(): void {
    this.#file.checkWritable();
  }

  close(): void {
    this.#file.close();
  }

  /** The next offset and the newest stamp of a topic; 0 and 0 where it is empty. */
  #last(topic: Topic): { nextOffset: number; loggedAtMs: number } {
    const [nextOffset, loggedAtMs] =
      this.#file.row(
        `SELECT first_offset + record_count, logged_at_ms FROM ${TABLES[topic]} ORDER BY first_offset DESC LIMIT 1`,
      ) ?? [];
    return { nextOffset: Number(nextOffset ?? 0), loggedAtMs: Number(loggedAtMs ?? 0) };
  }

  /** The one number that a query answers with; 0 where it is null. */
  #number(sql: string, ...values: SqlValue[]): number {
    return Number(this.#file.row(sql, ...values)?.[0] ?? 0);
  }

  #migrate(): void {
    const version = this.#number('PRAGMA user_version');
    if (version > SCHEMA_VERSION) {
      throw new StorageError(
        'misconfigured',
        'The event log was written by a newer release of StreamLens; use that one',
      );
    }
    if (version >= SCHEMA_VERSION) return;
    this.#file.write(() => {
      // Another process may have been faster.
      const isFirst = this.#number('PRAGMA user_version') === 1;
      const old = isFirst ? Object.values(TABLES).filter((table) => this.#hasTable(table)) : [];
      for (const table of old) this.#file.exec(`ALTER TABLE ${table} RENAME TO ${table}_1`);
      this.#file.exec(SCHEMA);
      for (const table of old) this.#upgradeFirst(table);
      this.#file.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
  }

  #hasTable(table: string): boolean {
    return this.#number('SELECT count(*) FROM sqlite_schema WHERE name = ?', table) > 0;
  }

  /** The blocks of a table of version 1, block by block, in one transaction: a log is upgraded whole or not at all. */
  #upgradeFirst(table: string): void {
    const next = `SELECT first_offset, record_count, logged_at_ms, body FROM ${table}_1 WHERE first_offset > ?
       ORDER BY first_offset LIMIT 1`;
    const insert = `INSERT INTO ${table} (${BLOCK_COLUMNS}) VALUES (?, ?, ?, ?, ?)`;
    for (let at = -1; ; ) {
      const [firstOffset, recordCount, loggedAtMs, old] = this.#file.row(next, at) ?? [];
      if (firstOffset == null || recordCount == null || loggedAtMs == null) break;
      const body = upgradeBlockBody(old as Uint8Array);
      this.#file.run(insert, firstOffset, recordCount, loggedAtMs, crc32(body), body);
      at = Number(firstOffset);
    }
    this.#file.exec(`DROP TABLE ${table}_1`);
  }

  /** SQLite has no checksums of its own, so a bit that a disk flips would become another number on the dashboard. */
  #checkedBlock(topic: Topic, [firstOffset, recordCount, loggedAtMs, checksum, body]: BlockRow): LogRecord[] {
    const block = { body, firstOffset: Number(firstOffset), loggedAtMs: Number(loggedAtMs) };
    const records = crc32(body) === Number(checksum) ? decodedBlock(block) : null;
    if (records?.length === Number(recordCount)) return records;
    throw new StorageError(
      'corrupt',
      `The event log ${this.#file.path}: the block of ${topic} at offset ${firstOffset} does not match its checksum, ` +
        'so the file is damaged. Check the disk, stop StreamLens, and restore a backup of the directory; ' +
        'docs/operations.md says what to do without one',
    );
  }
}

/** The records of a block; null where they cannot be read, though its checksum is right. */
function decodedBlock(block: Parameters<typeof decodeBlock>[0]): LogRecord[] | null {
  try {
    return decodeBlock(block);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Some MiB at a time. */
const REWRITE_BLOCKS_MAX = 64;
const NOTHING = new Uint8Array();

function changedRecords(
  block: readonly LogRecord[],
  change: (record: LogRecord) => 'keep' | 'drop' | Uint8Array,
): { readonly records: readonly LogRecord[]; readonly count: number } {
  let count = 0;
  const records = block.map((record) => {
    if (isErased(record)) return record;
    const outcome = change(record);
    if (outcome === 'keep') return record;
    count++;
    return outcome === 'drop'
      ? { ...record, key: NOTHING, value: NOTHING, senderTenant: null }
      : { ...record, value: outcome };
  });
  return { records, count };
}

/** Whether nothing was left of a record but its place. An event has a key and a value. */
export function isErased({ key, value }: Pick<LogRecord, 'key' | 'value'>): boolean {
  return key?.length === 0 && value?.length === 0;
}

/** What a row takes beside its body: its columns and its share of the pages. */
const BLOCK_OVERHEAD_BYTES = 64;
