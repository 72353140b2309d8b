import { randomUUID } from 'node:crypto';
import {
  type ErasedRows,
  type ErasedTables,
  type Erasure,
  type ErasureSubject,
  JUDGED_TABLE,
  type NamesSubject,
  nameOf,
  POSTGRES_TENANT_TABLES,
  POSTGRES_USER_TABLES,
} from '../erasure.ts';
import { storableText } from '../storable-text.ts';
import { connectWithSchema } from './migrate-postgres.ts';
import type { PostgresConnection, PostgresOptions, Query } from './postgres-connection.ts';

/** All rows of a tenant may take a while. */
const STATEMENT_MS_MAX = 3_600_000;

const TABLES: ErasedTables = { tenant: POSTGRES_TENANT_TABLES, user: POSTGRES_USER_TABLES };

/** @throws {StorageError} when the server cannot be reached or its schema is not this program's. */
export async function openPostgresErasure(options: Pick<PostgresOptions, 'dsn'>): Promise<Erasure> {
  const connection = await connectWithSchema(
    { ...options, poolMax: 1, statementTimeoutMs: STATEMENT_MS_MAX },
    { migrate: false },
  );
  return new PostgresErasure(connection);
}

const LETTERS = `SELECT topic, partition, log_offset, tenant_id, record_value FROM ${JUDGED_TABLE}`;
const DELETE_LETTER = `DELETE FROM ${JUDGED_TABLE} WHERE topic = $1 AND partition = $2 AND log_offset = $3`;

type Place = readonly [topic: string, partition: number, offset: number];

class PostgresErasure implements Erasure {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async count(subject: ErasureSubject, namesSubject: NamesSubject): Promise<ErasedRows> {
    return this.#connection.transaction((query) => countAll(query, subject, namesSubject));
  }

  /**
   * The rows of `progress` are moved first: whoever commits waits for them, and finds itself fenced. So nothing of the
   * subject is added between here and the end, and processors stand still for as long as it takes.
   */
  async erase(subject: ErasureSubject, namesSubject: NamesSubject, whileHeld: () => void): Promise<ErasedRows> {
    return this.#connection.transaction(async (query) => {
      await query('UPDATE progress SET seq = seq + 1, token = $1', [`erasure ${randomUUID()}`]);
      const counts = await countAll(query, subject, namesSubject);
      for (const { table, condition } of TABLES[subject.kind]) {
        await query(`DELETE FROM ${table} WHERE ${condition}`, [storableText(nameOf(subject))]);
      }
      for (const place of await lettersOf(query, subject, namesSubject)) await query(DELETE_LETTER, place);
      whileHeld();
      return counts;
    });
  }

  async lastChangeMs(tenantId: string): Promise<number | null> {
    const sql = `SELECT max(changed_at_ms) FROM changes_1m c JOIN tenants t USING (tenant_key) WHERE t.tenant_id = $1`;
    const [[value = null] = []] = await this.#connection.query(sql, [storableText(tenantId)]);
    return value === null ? null : Number(value);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

async function countAll(query: Query, subject: ErasureSubject, namesSubject: NamesSubject): Promise<ErasedRows> {
  const counts: Record<string, number> = {};
  for (const { table, condition } of TABLES[subject.kind]) {
    const sql = `SELECT count(*)::float8 FROM ${table} WHERE ${condition}`;
    const [[count] = []] = await query(sql, [storableText(nameOf(subject))]);
    counts[table] = Number(count);
  }
  counts[JUDGED_TABLE] = (await lettersOf(query, subject, namesSubject)).length;
  return counts;
}

async function lettersOf(query: Query, subject: ErasureSubject, namesSubject: NamesSubject): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (const [topic, partition, offset, tenantId, value = null] of await query(LETTERS, [])) {
    const isOwn = subject.kind === 'tenant' && tenantId === storableText(subject.tenantId);
    if (isOwn || (value !== null && namesSubject({ topic: String(topic), value: value as unknown as Uint8Array })))
      places.push([String(topic), Number(partition), Number(offset)]);
  }
  return places;
}
