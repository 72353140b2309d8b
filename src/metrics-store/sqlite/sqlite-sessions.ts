import { SqliteConnection, type SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { Session, Sessions } from '../sessions.ts';
import { storableText } from '../storable-text.ts';
import { openStoreWithSchema } from './migrate-sqlite.ts';

const COLUMNS = 'hash, key_hash, subject, roles, tenants, expires_at_ms';

/** @throws {StorageError} when the file cannot be opened or its schema is not this program's. */
export function openSqliteSessions(options: { readonly path: string; readonly migrate?: boolean }): Sessions {
  const { path, migrate = true } = options;
  const connection = openStoreWithSchema({ path }, { migrate });
  return new SqliteSessions(connection);
}

class SqliteSessions implements Sessions {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async add({ hash, keyHash, subject, roles, tenants, expiresAtMs }: Session, nowMs: number): Promise<void> {
    const stored = tenants === null ? null : JSON.stringify(tenants.map(storableText));
    const values = [hash, keyHash, storableText(subject), JSON.stringify(roles), stored, expiresAtMs];
    this.#connection.write(() => {
      this.#connection.run('DELETE FROM sessions WHERE expires_at_ms <= ?', nowMs);
      this.#connection.run(`INSERT INTO sessions (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`, ...values);
    });
  }

  async find(hash: string): Promise<Session | null> {
    const row = this.#connection.read(() =>
      this.#connection.row(`SELECT ${COLUMNS} FROM sessions WHERE hash = ?`, hash),
    );
    return row === undefined ? null : sessionOf(row);
  }

  async end(hash: string): Promise<void> {
    this.#connection.write(() => this.#connection.run('DELETE FROM sessions WHERE hash = ?', hash));
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}

function sessionOf([hash, keyHash, subject, roles, tenants, expiresAtMs]: readonly SqlValue[]): Session {
  return {
    hash: String(hash),
    keyHash: keyHash === null ? null : String(keyHash),
    subject: String(subject),
    roles: JSON.parse(String(roles)) as Session['roles'],
    tenants: tenants === null ? null : (JSON.parse(String(tenants)) as readonly string[]),
    expiresAtMs: Number(expiresAtMs),
  };
}
