import { createHash } from 'node:crypto';
import { StorageError } from '../../storage/storage-error.ts';
import type { Migrated } from '../migrated.ts';
import { readSqlFile } from '../sql-file.ts';
import { COMMIT_FUNCTION } from './commit-function.ts';
import { connectPostgres, type PostgresConnection, type PostgresOptions } from './postgres-connection.ts';
import { stateOf } from './postgres-errors.ts';
import { REPRICE_FUNCTION } from './reprice-function.ts';

/** In order; `streamlens_schema` says how many of them a database has. Never change one that was released. */
const MIGRATIONS: readonly string[] = [readSqlFile('postgres/sql/0001.sql')];

/**
 * Functions and the view belong to the program, not to a version of the tables: they are replaced where they differ.
 */
const FUNCTIONS = readSqlFile('postgres/sql/functions.sql') + COMMIT_FUNCTION + REPRICE_FUNCTION;
const FUNCTIONS_HASH = createHash('sha256').update(FUNCTIONS).digest('hex');

interface StoredSchema {
  readonly version: number;
  readonly functionsHash: string;
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

/**
 * All in one transaction under an advisory lock: another process waits, then finds nothing to do. Tells the versions
 * where they differ.
 */
export async function migrateConnection(
  connection: PostgresConnection,
  onMigrated: (versions: Migrated) => void = () => undefined,
): Promise<Migrated> {
  const versions = await connection.transaction(async (query): Promise<Migrated> => {
    await query('SET LOCAL statement_timeout = 0', []);
    await query(`SELECT pg_advisory_xact_lock(hashtext('streamlens migrations'))`, []);
    await refusePreRelease(connection.place, query);
    await query(
      'CREATE TABLE IF NOT EXISTS streamlens_schema (version int NOT NULL, functions_hash text NOT NULL)',
      [],
    );
    const stored = await readSchema(query);
    refuseNewer(connection.place, stored.version);
    for (const sql of MIGRATIONS.slice(stored.version)) await query(sql);
    if (stored.functionsHash !== FUNCTIONS_HASH) await query(FUNCTIONS);
    await query('DELETE FROM streamlens_schema', []);
    await query('INSERT INTO streamlens_schema VALUES ($1, $2)', [MIGRATIONS.length, FUNCTIONS_HASH]);
    return { from: stored.version, to: MIGRATIONS.length };
  });
  if (versions.from !== versions.to) onMigrated(versions);
  return versions;
}

/** @throws {StorageError} where the database has not exactly the tables of this program. */
export async function checkPostgresVersion(connection: PostgresConnection): Promise<void> {
  const { version } = await readSchemaOrNone(connection);
  refuseNewer(connection.place, version);
  if (version === MIGRATIONS.length) return;
  const message = `Postgres at ${connection.place} has schema version ${version}, this program needs ${MIGRATIONS.length}; run "streamlens migrate".`;
  throw new StorageError('misconfigured', message);
}

async function readSchemaOrNone(connection: PostgresConnection): Promise<StoredSchema> {
  try {
    return await readSchema(connection.query.bind(connection));
  } catch (error) {
    if (error instanceof StorageError && stateOf(error.cause) === '42P01') return { version: 0, functionsHash: '' };
    throw error;
  }
}

async function readSchema(query: Query): Promise<StoredSchema> {
  const [row] = await query('SELECT version, functions_hash FROM streamlens_schema', []);
  return { version: Number(row?.[0] ?? 0), functionsHash: typeof row?.[1] === 'string' ? row[1] : '' };
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
