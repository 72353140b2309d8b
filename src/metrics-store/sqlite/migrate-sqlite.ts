import { MetricsStoreError } from '../metrics-store-error.ts';
import { INITIAL } from './migrations/0001-initial.ts';
import { KEYS_AND_REPLAYS } from './migrations/0002-keys-and-replays.ts';
import { EVALUATION_NAMES } from './migrations/0003-evaluation-names.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** In order; `PRAGMA user_version` says how many a file has. Never change one that was released. */
const MIGRATIONS: readonly string[] = [INITIAL, KEYS_AND_REPLAYS, EVALUATION_NAMES];

/**
 * Creates or upgrades the schema of the file at `path`. Several processes may do it at once: each migration runs under the
 * write lock and looks at the version again. Returns the versions before and after.
 */
export function migrateSqlite(path: string): { readonly from: number; readonly to: number } {
  const connection = new SqliteConnection({ path });
  try {
    return migrateConnection(connection);
  } finally {
    connection.close();
  }
}

export function migrateConnection(connection: SqliteConnection): { readonly from: number; readonly to: number } {
  return connection.write(() => {
    const from = versionOf(connection);
    refuseNewer(connection, from);
    for (const [index, sql] of MIGRATIONS.entries()) if (index >= from) connection.exec(sql);
    connection.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    return { from, to: MIGRATIONS.length };
  });
}

/** @throws {MetricsStoreError} where the file has not exactly the schema of this program. */
export function checkSqliteVersion(connection: SqliteConnection): void {
  const version = connection.read(() => versionOf(connection));
  refuseNewer(connection, version);
  if (version === MIGRATIONS.length) return;
  const message = `The metrics store ${connection.path} has schema version ${version}, this program needs ${MIGRATIONS.length}; run "streamlens migrate".`;
  throw new MetricsStoreError('misconfigured', message);
}

function refuseNewer(connection: SqliteConnection, version: number): void {
  if (version <= MIGRATIONS.length) return;
  const message = `The metrics store ${connection.path} has schema version ${version}, this program knows ${MIGRATIONS.length}; use a newer StreamLens.`;
  throw new MetricsStoreError('misconfigured', message);
}

function versionOf(connection: SqliteConnection): number {
  return Number(connection.row('PRAGMA user_version')?.[0] ?? 0);
}
