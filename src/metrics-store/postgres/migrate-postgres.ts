import { createHash } from 'node:crypto';
import { StorageError } from '../../storage/storage-error.ts';
import type { Migrated } from '../migrated.ts';
import { readSqlFile } from '../sql-file.ts';
import { COMMIT_FUNCTION } from './commit-function.ts';
import { connectPostgres, type PostgresConnection, type PostgresOptions } from './postgres-connection.ts';
import { stateOf } from './postgres-errors.ts';
import { REPRICE_FUNCTION } from './reprice-function.ts';

/** In order; `streamlens_schema` says how many of them a database has. Never change one that was released. */
const MIGRATIONS: readonly string[] = [readSqlFile('postgres/sql/0001.sql'), readSqlFile('postgres/sql/0002.sql')];

/**
 * Functions and the view belong to the program, not to a version of the tables: they are replaced where they differ.
 */
const FUNCTIONS = readSqlFile('postgres/sql/functions.sql') + COMMIT_FUNCTION + REPRICE_FUNCTION;
const FUNCTIONS_HASH = createHash('sha256').update(FUNCTIONS).digest('hex');

interface StoredSchema {
  readonly version: number;
  readonly functionsHash: string;
  /** Of the migrations that made the tables; '' where none did, or a program that kept none. */
  readonly tablesHash: string;
}

type Query = PostgresConnection['query'];

/** Creates or upgrades the schema. Returns the versions before and after. Safe from several processes at once. */
export async function migratePostgres(options: PostgresOptions): Promise<Migrated> {
  const connection = await connectPostgres(options);
  try {
    return await migrateConnection(connection);
  } finally {
    await connection.close();
  }
}

export interface SchemaOptions {
  /** Whether to create or upgrade the schema, instead of only checking it. */
  readonly migrate: boolean;
  /** Told where the schema was created or upgraded. */
  readonly onMigrated?: ((versions: Migrated) => void) | undefined;
}

/**
 * Connects to a store with the schema of this program.
 *
 * @throws {StorageError} when the server cannot be reached or its schema is not this program's.
 */
export async function connectWithSchema(
  options: PostgresOptions,
  { migrate, onMigrated }: SchemaOptions,
): Promise<PostgresConnection> {
  const connection = await connectPostgres(options);
  try {
    if (migrate) await migrateConnection(connection, onMigrated);
    else await checkPostgresVersion(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

/**
 * All in one transaction under an advisory lock: another process waits, then finds nothing to do. Tells the versions
 * where they differ.
 */
async function migrateConnection(
  connection: PostgresConnection,
  onMigrated: (versions: Migrated) => void = () => undefined,
): Promise<Migrated> {
  const versions = await connection.transaction(async (query): Promise<Migrated> => {
    await query('SET LOCAL statement_timeout = 0', []);
    await query(`SELECT pg_advisory_xact_lock(hashtext('streamlens migrations'))`, []);
    await refusePreRelease(connection.place, query);
    await query(
      'CREATE TABLE IF NOT EXISTS streamlens_schema (version int NOT NULL, functions_hash text NOT NULL, tables_hash text NOT NULL)',
      [],
    );
    const stored = await readSchema(query);
    refuseNewer(connection.place, stored.version);
    refuseOtherTables(connection.place, stored);
    for (const sql of MIGRATIONS.slice(stored.version)) await query(sql);
    if (stored.functionsHash !== FUNCTIONS_HASH) await query(FUNCTIONS);
    await query('DELETE FROM streamlens_schema', []);
    await query('INSERT INTO streamlens_schema (version, functions_hash, tables_hash) VALUES ($1, $2, $3)', [
      MIGRATIONS.length,
      FUNCTIONS_HASH,
      tablesHash(MIGRATIONS.length),
    ]);
    return { from: stored.version, to: MIGRATIONS.length };
  });
  if (versions.from !== versions.to) onMigrated(versions);
  return versions;
}

/** @throws {StorageError} where the database has not exactly the tables of this program. */
export async function checkPostgresVersion(connection: PostgresConnection): Promise<void> {
  const stored = await readSchemaOrNone(connection);
  const { version } = stored;
  refuseNewer(connection.place, version);
  refuseOtherTables(connection.place, stored);
  if (version === MIGRATIONS.length) return;
  const message = `Postgres at ${connection.place} has schema version ${version}, this program needs ${MIGRATIONS.length}; run "streamlens migrate".`;
  throw new StorageError('misconfigured', message);
}

async function readSchemaOrNone(connection: PostgresConnection): Promise<StoredSchema> {
  try {
    return await readSchema(connection.query.bind(connection));
  } catch (error) {
    if (error instanceof StorageError && stateOf(error.cause) === '42P01') return NO_SCHEMA;
    throw error;
  }
}

async function readSchema(query: Query): Promise<StoredSchema> {
  // By name, since 0.1.0 had no such column; asking for it would end the transaction.
  const [row] = await query(
    `SELECT version, functions_hash, coalesce(to_jsonb(s) ->> 'tables_hash', '') FROM streamlens_schema s`,
    [],
  );
  if (row === undefined) return NO_SCHEMA;
  return { version: Number(row[0]), functionsHash: String(row[1]), tablesHash: String(row[2]) };
}

const NO_SCHEMA: StoredSchema = { version: 0, functionsHash: '', tablesHash: '' };

/** Of the statements of the first migrations, not of their comments and their layout. */
function tablesHash(version: number): string {
  const sql = MIGRATIONS.slice(0, version).join('\n');
  const statements = sql.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ');
  return createHash('sha256').update(statements).digest('hex');
}

/**
 * Until a release is published, the first schema is edited in place: a store of 0.1.0 has the same version and other
 * tables.
 */
function refuseOtherTables(place: string, { version, tablesHash: stored }: StoredSchema): void {
  if (version === 0 || stored === tablesHash(version)) return;
  const message = `Postgres at ${place} has the tables of another StreamLens from before the first published release, such as 0.1.0, and cannot be upgraded. Name another database or schema in POSTGRES_DSN, an empty one, and start again: rows are counted anew from the event log, as far back as that reaches; API keys have to be made again. To keep older rows, go on with the program that wrote them.`;
  throw new StorageError('misconfigured', message);
}

/**
 * Development versions before the first release kept their version in another table, and their tables are not upgraded.
 */
async function refusePreRelease(place: string, query: Query): Promise<void> {
  const [row] = await query(`SELECT to_regclass('streamlens_migrations')`, []);
  if (row?.[0] === null || row === undefined) return;
  const message = `Postgres at ${place} holds the tables of a StreamLens before its first release, which cannot be upgraded; name another database or schema in POSTGRES_DSN.`;
  throw new StorageError('misconfigured', message);
}

function refuseNewer(place: string, version: number): void {
  if (version <= MIGRATIONS.length) return;
  const message = `Postgres at ${place} has schema version ${version}, this program knows ${MIGRATIONS.length}; use a newer StreamLens.`;
  throw new StorageError('misconfigured', message);
}
