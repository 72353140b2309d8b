import type { ApiKey, ApiKeys } from '../api-keys.ts';
import { storableText } from '../storable-text.ts';
import { connectWithSchema } from './migrate-postgres.ts';
import type { PostgresConnection, PostgresOptions } from './postgres-connection.ts';
import type { PostgresMetricsStoreOptions } from './postgres-metrics-store.ts';
import type { SqlRow } from './postgres-values.ts';

const COLUMNS = 'key_id, hash, name, roles, tenants, created_at_ms, revoked_at_ms';

/** Which of the two it was is told by the second column. Values: id, time. */
const REVOKE = `
  UPDATE api_keys k SET revoked_at_ms = coalesce(k.revoked_at_ms, $2) FROM api_keys before
  WHERE k.key_id = $1 AND before.key_id = k.key_id RETURNING before.revoked_at_ms IS NULL`;

/** @throws {StorageError} when the server cannot be reached or its schema is not this program's. */
export async function openPostgresApiKeys(
  options: PostgresOptions & Pick<PostgresMetricsStoreOptions, 'migrate' | 'onMigrated'>,
): Promise<ApiKeys> {
  const connection = await connectWithSchema(options, {
    migrate: options.migrate ?? true,
    onMigrated: options.onMigrated,
  });
  return new PostgresApiKeys(connection);
}

class PostgresApiKeys implements ApiKeys {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async add({ id, hash, name, roles, tenants, createdAtMs, revokedAtMs }: ApiKey): Promise<void> {
    const stored = tenants === null ? null : tenants.map(storableText);
    const values = [id, hash, storableText(name), roles, stored, createdAtMs, revokedAtMs];
    await this.#connection.query(`INSERT INTO api_keys (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)`, values);
  }

  async list(): Promise<readonly ApiKey[]> {
    const rows = await this.#connection.query(`SELECT ${COLUMNS} FROM api_keys ORDER BY created_at_ms, key_id`, []);
    return rows.map(keyOf);
  }

  async find(hash: string): Promise<ApiKey | null> {
    const [row] = await this.#connection.query(`SELECT ${COLUMNS} FROM api_keys WHERE hash = $1`, [hash]);
    return row === undefined ? null : keyOf(row);
  }

  async revoke(id: string, atMs: number): Promise<'revoked' | 'already' | 'unknown'> {
    const [row] = await this.#connection.query(REVOKE, [id, atMs]);
    if (row === undefined) return 'unknown';
    return row[0] === true ? 'revoked' : 'already';
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function keyOf([id, hash, name, roles, tenants, createdAtMs, revokedAtMs]: SqlRow): ApiKey {
  return {
    id: String(id),
    hash: String(hash),
    name: String(name),
    roles: roles as ApiKey['roles'],
    tenants: tenants as ApiKey['tenants'],
    createdAtMs: createdAtMs as number,
    revokedAtMs: revokedAtMs as number | null,
  };
}
