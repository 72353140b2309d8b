import { SqliteConnection, type SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { ApiKey, ApiKeys } from '../api-keys.ts';
import { storableText } from '../storable-text.ts';
import { openStoreWithSchema } from './migrate-sqlite.ts';

const COLUMNS = 'key_id, hash, name, roles, tenants, created_at_ms, revoked_at_ms';

/** @throws {StorageError} when the file cannot be opened or its schema is not this program's. */
export function openSqliteApiKeys(options: {
  readonly path: string;
  readonly readOnly?: boolean;
  readonly migrate?: boolean;
}): ApiKeys {
  const { path, readOnly = false, migrate = !readOnly } = options;
  const connection = openStoreWithSchema({ path, readOnly }, { migrate });
  return new SqliteApiKeys(connection);
}

/** A look-up reads two index pages; it blocks for some 20 µs. */
class SqliteApiKeys implements ApiKeys {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async add({ id, hash, name, roles, tenants, createdAtMs, revokedAtMs }: ApiKey): Promise<void> {
    const stored = tenants === null ? null : JSON.stringify(tenants.map(storableText));
    const values = [id, hash, storableText(name), JSON.stringify(roles), stored, createdAtMs, revokedAtMs];
    this.#connection.write(() =>
      this.#connection.run(`INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`, ...values),
    );
  }

  async list(): Promise<readonly ApiKey[]> {
    const sql = `SELECT ${COLUMNS} FROM api_keys ORDER BY created_at_ms, key_id`;
    return this.#connection.read(() => Array.from(this.#connection.rows(sql), keyOf));
  }

  async find(hash: string): Promise<ApiKey | null> {
    const row = this.#connection.read(() =>
      this.#connection.row(`SELECT ${COLUMNS} FROM api_keys WHERE hash = ?`, hash),
    );
    return row === undefined ? null : keyOf(row);
  }

  async revoke(id: string, atMs: number): Promise<'revoked' | 'already' | 'unknown'> {
    return this.#connection.write(() => {
      const row = this.#connection.row('SELECT revoked_at_ms FROM api_keys WHERE key_id = ?', id);
      if (row === undefined) return 'unknown';
      if (row[0] !== null) return 'already';
      this.#connection.run('UPDATE api_keys SET revoked_at_ms = ? WHERE key_id = ?', atMs, id);
      return 'revoked';
    });
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}

function keyOf([id, hash, name, roles, tenants, createdAtMs, revokedAtMs]: readonly SqlValue[]): ApiKey {
  return {
    id: String(id),
    hash: String(hash),
    name: String(name),
    roles: JSON.parse(String(roles)) as ApiKey['roles'],
    tenants: tenants === null ? null : (JSON.parse(String(tenants)) as readonly string[]),
    createdAtMs: Number(createdAtMs),
    revokedAtMs: revokedAtMs === null ? null : Number(revokedAtMs),
  };
}
