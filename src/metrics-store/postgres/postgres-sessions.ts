import type { Session, Sessions } from '../sessions.ts';
import { storableText } from '../storable-text.ts';
import { connectWithSchema } from './migrate-postgres.ts';
import type { PostgresConnection, PostgresOptions } from './postgres-connection.ts';
import type { PostgresMetricsStoreOptions } from './postgres-metrics-store.ts';
import type { SqlRow } from './postgres-values.ts';

const COLUMNS = 'hash, key_hash, subject, roles, tenants, expires_at_ms';

/** @throws {StorageError} when the server cannot be reached or its schema is not this program's. */
export async function openPostgresSessions(
  options: PostgresOptions & Pick<PostgresMetricsStoreOptions, 'migrate'>,
): Promise<Sessions> {
  const connection = await connectWithSchema(options, { migrate: options.migrate ?? true });
  return new PostgresSessions(connection);
}

class PostgresSessions implements Sessions {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async add({ hash, keyHash, subject, roles, tenants, expiresAtMs }: Session, nowMs: number): Promise<void> {
    const stored = tenants === null ? null : tenants.map(storableText);
    const values = [hash, keyHash, storableText(subject), roles, stored, expiresAtMs];
    await this.#connection.query('DELETE FROM sessions WHERE expires_at_ms <= $1', [nowMs]);
    await this.#connection.query(`INSERT INTO sessions (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)`, values);
  }

  async find(hash: string): Promise<Session | null> {
    const [row] = await this.#connection.query(`SELECT ${COLUMNS} FROM sessions WHERE hash = $1`, [hash]);
    return row === undefined ? null : sessionOf(row);
  }

  async end(hash: string): Promise<void> {
    await this.#connection.query('DELETE FROM sessions WHERE hash = $1', [hash]);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function sessionOf([hash, keyHash, subject, roles, tenants, expiresAtMs]: SqlRow): Session {
  return {
    hash: String(hash),
    keyHash: keyHash as string | null,
    subject: String(subject),
    roles: roles as Session['roles'],
    tenants: tenants as Session['tenants'],
    expiresAtMs: expiresAtMs as number,
  };
}
