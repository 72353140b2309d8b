import { randomUUID } from 'node:crypto';
import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import {
  type ErasedRows,
  type ErasedTables,
  type Erasure,
  type ErasureSubject,
  JUDGED_TABLE,
  type NamesSubject,
  nameOf,
  SQLITE_TENANT_TABLES,
  SQLITE_USER_TABLES,
} from '../erasure.ts';
import { storableText } from '../storable-text.ts';
import { checkSqliteVersion } from './migrate-sqlite.ts';
import { openStoreFile } from './open-store-file.ts';

const TABLES: ErasedTables = { tenant: SQLITE_TENANT_TABLES, user: SQLITE_USER_TABLES };

/** @throws {StorageError} when the file cannot be opened or its schema is not this program's. */
export function openSqliteErasure({ path }: { readonly path: string }): Erasure {
  const connection = openStoreFile({ path });
  try {
    checkSqliteVersion(connection);
    // What is deleted is overwritten in the file, and does not lie in it until its page is used again.
    connection.exec('PRAGMA secure_delete = ON');
  } catch (error) {
    connection.close();
    throw error;
  }
  return new SqliteErasure(connection);
}

const LETTERS = `SELECT rowid, topic, tenant_id, record_value FROM ${JUDGED_TABLE}`;

class SqliteErasure implements Erasure {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async count(subject: ErasureSubject, namesSubject: NamesSubject): Promise<ErasedRows> {
    return this.#connection.read(() => this.#countAll(subject, namesSubject));
  }

  async erase(subject: ErasureSubject, namesSubject: NamesSubject, whileHeld: () => void): Promise<ErasedRows> {
    const rows = await this.count(subject, namesSubject);
    const tables = TABLES[subject.kind];
    // Most of it table by table, so that commits come in between; the names of series stay until the end.
    for (const { table, condition } of tables) {
      if (!/^(series|pairs|tenants)$/.test(table)) {
        this.#connection.write(() => this.#run(`DELETE FROM ${table} WHERE ${condition}`, subject));
      }
    }
    this.#connection.write(() => {
      for (const { table, condition } of tables) this.#run(`DELETE FROM ${table} WHERE ${condition}`, subject);
      for (const rowid of this.#letters(subject, namesSubject)) {
        this.#connection.run(`DELETE FROM ${JUDGED_TABLE} WHERE rowid = ?`, rowid);
      }
      this.#connection.run('UPDATE progress SET seq = seq + 1, token = ?', `erasure ${randomUUID()}`);
      whileHeld();
    });
    // The WAL has the pages as they were; where readers hold it, the next checkpoint does it.
    this.#connection.ask(() => this.#connection.row('PRAGMA wal_checkpoint(TRUNCATE)'));
    return rows;
  }

  async lastChangeMs(tenantId: string): Promise<number | null> {
    const sql = `SELECT max(changed_at_ms) FROM metrics_1m m JOIN tenants t ON t.tenant_key = m.tenant_key WHERE t.tenant_id = ?`;
    const [value = null] = this.#connection.read(() => this.#connection.row(sql, storableText(tenantId))) ?? [];
    return value === null ? null : Number(value);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #countAll(subject: ErasureSubject, namesSubject: NamesSubject): ErasedRows {
    const counts: Record<string, number> = {};
    for (const { table, condition } of TABLES[subject.kind]) {
      const sql = `SELECT count(*) FROM ${table} WHERE ${condition.replaceAll('$1', '?1')}`;
      counts[table] = Number(this.#connection.row(sql, storableText(nameOf(subject)))?.[0]);
    }
    counts[JUDGED_TABLE] = this.#letters(subject, namesSubject).length;
    return counts;
  }

  #run(sql: string, subject: ErasureSubject): void {
    this.#connection.run(sql.replaceAll('$1', '?1'), storableText(nameOf(subject)));
  }

  #letters(subject: ErasureSubject, namesSubject: NamesSubject): readonly SqlValue[] {
    const rowids: SqlValue[] = [];
    for (const [rowid = null, topic, tenantId, value = null] of this.#connection.rows(LETTERS)) {
      const isOwn = subject.kind === 'tenant' && tenantId === storableText(subject.tenantId);
      if (isOwn || (value !== null && namesSubject({ topic: String(topic), value: value as Uint8Array }))) {
        rowids.push(rowid);
      }
    }
    return rowids;
  }
}
