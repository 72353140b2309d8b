import { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Migrated } from '../migrated.ts';
import { readSqlFile } from '../sql-file.ts';
import { openStoreFile, type StoreFileOptions } from './open-store-file.ts';
import { WindowBytesMigration } from './window-bytes-migration.ts';

interface Migration {
  readonly sql: string;
  /** What SQL alone cannot do. */
  readonly finish?: (connection: SqliteConnection) => void;
}

/** In order; `PRAGMA user_version` says how many a file has. Never change one that was released. */
const MIGRATIONS: readonly Migration[] = [
  { sql: readSqlFile('sqlite/sql/0001.sql') },
  {
    sql: readSqlFile('sqlite/sql/0002.sql'),
    finish: (connection) => new WindowBytesMigration(connection).run(),
  },
  { sql: readSqlFile('sqlite/sql/0003.sql') },
  { sql: readSqlFile('sqlite/sql/0004.sql') },
  { sql: readSqlFile('sqlite/sql/0005.sql') },
];

/** The text of each table and index that a file has after each of them. */
const TABLES_BY_VERSION: readonly ReadonlySet<string>[] = MIGRATIONS.map((_, version) => {
  const tables = new Map<string, string>();
  for (const { sql } of MIGRATIONS.slice(0, version + 1)) {
    for (const [, name = ''] of sql.matchAll(/^(?:DROP INDEX|DROP TABLE|ALTER TABLE) (\w+)/gm)) tables.delete(name);
    for (const [text, name = ''] of sql.matchAll(/^CREATE (?:UNIQUE )?(?:TABLE|INDEX) (\w+)[\s\S]*?(?=;$)/gm)) {
      tables.set(name, text);
    }
  }
  return new Set(tables.values());
});

/** `SLMS` in ASCII: marks the file as a metrics store. Development versions before the first release did not set it. */
const APPLICATION_ID = 0x53_4c_4d_53;

/**
 * Creates or upgrades the schema of the file at `path`. Several processes may do it at once: each migration runs under
 * the write lock and looks at the version again. Returns the versions before and after, and tells them where they
 * differ.
 */
export function migrateSqlite(path: string, onMigrated: (versions: Migrated) => void = () => undefined): Migrated {
  const connection = openStoreFile({ path });
  try {
    const versions = migrateConnection(connection);
    if (versions.from !== versions.to) onMigrated(versions);
    return versions;
  } finally {
    connection.close();
  }
}

/**
 * Opens the store's file with the schema of this program: created or upgraded with `migrate`, else only checked.
 *
 * @throws {StorageError} when the file cannot be opened or its schema is not this program's.
 */
export function openStoreWithSchema(
  file: StoreFileOptions,
  { migrate }: { readonly migrate: boolean },
): SqliteConnection {
  const connection = openStoreFile(file);
  try {
    if (migrate) migrateConnection(connection);
    else checkSqliteVersion(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

function migrateConnection(connection: SqliteConnection): Migrated {
  const to = MIGRATIONS.length;
  return connection.write(() => {
    const from = versionOf(connection);
    refuseForeign(connection, from);
    if (from > 0) refuseOtherTables(connection, from);
    for (const { sql, finish } of MIGRATIONS.slice(from)) {
      connection.exec(sql);
      finish?.(connection);
    }
    if (from < to) connection.exec(`PRAGMA user_version = ${to}; PRAGMA application_id = ${APPLICATION_ID}`);
    return { from, to };
  });
}

/** @throws {StorageError} where the file has not exactly the schema of this program. */
export function checkSqliteVersion(connection: SqliteConnection): void {
  const version = connection.read(() => versionOf(connection));
  refuseForeign(connection, version);
  if (version === MIGRATIONS.length) {
    connection.read(() => refuseOtherTables(connection, version));
    return;
  }
  const message = `The metrics store ${connection.path} has schema version ${version}, this program needs ${MIGRATIONS.length}; run "streamlens migrate".`;
  throw new StorageError('misconfigured', message);
}

function refuseForeign(connection: SqliteConnection, version: number): void {
  if (version > 0 && pragma(connection, 'application_id') !== APPLICATION_ID) {
    const message = `The metrics store ${connection.path} was written by a StreamLens before its first release, or by another program, and cannot be upgraded; move it away, and its rows are counted again from the event log.`;
    throw new StorageError('misconfigured', message);
  }
  if (version <= MIGRATIONS.length) return;
  const message = `The metrics store ${connection.path} has schema version ${version}, this program knows ${MIGRATIONS.length}; use a newer StreamLens.`;
  throw new StorageError('misconfigured', message);
}

/**
 * Before the first release was published, the first schema was edited in place: a store of 0.1.0 has the same version
 * and other tables. What SQLite keeps of a table is the text that made it. Nothing is lost by moving the store away but
 * what the log holds no more.
 */
function refuseOtherTables(connection: SqliteConnection, version: number): void {
  const expected = TABLES_BY_VERSION[version - 1];
  const texts = Array.from(connection.rows(SELECT_TABLES), ([sql]) => String(sql));
  if (texts.length === expected?.size && texts.every((text) => expected.has(text))) return;
  const message = `The metrics store ${connection.path} has the tables of another StreamLens from before the first published release, such as 0.1.0, and cannot be upgraded. Move it away (metrics.sqlite and what is named after it) and start again: its rows are counted anew from the event log, as far back as that reaches (LOG_RETENTION). To keep older rows, go on with the program that wrote them.`;
  throw new StorageError('misconfigured', message);
}

const SELECT_TABLES = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;

function versionOf(connection: SqliteConnection): number {
  return pragma(connection, 'user_version');
}

function pragma(connection: SqliteConnection, name: string): number {
  return Number(connection.row(`PRAGMA ${name}`)?.[0] ?? 0);
}
