import { MetricsStoreError } from '../metrics-store-error.ts';
import { TABLES } from './migrations/0001-tables.ts';
import { HISTOGRAMS } from './migrations/0002-histograms.ts';
import { PARTITIONS } from './migrations/0003-partitions.ts';
import { DICTIONARY } from './migrations/0004-dictionary.ts';
import { COMMIT } from './migrations/0005-commit.ts';
import { REPRICE } from './migrations/0006-reprice.ts';
import { LLM_METRICS } from './migrations/0007-llm-metrics.ts';
import { KEYS_AND_REPLAYS } from './migrations/0008-keys-and-replays.ts';
import { LOCK_ORDER } from './migrations/0009-lock-order.ts';
import { EXACT_SCORES } from './migrations/0010-exact-scores.ts';
import { EVALUATION_NAMES } from './migrations/0011-evaluation-names.ts';
import { GROUP_COMMIT } from './migrations/0012-group-commit.ts';
import { connectPostgres, type PostgresConnection, type PostgresOptions } from './postgres-connection.ts';
import { stateOf } from './postgres-errors.ts';

/** In order; the table `streamlens_migrations` says which a database has. Never change one that was released. */
const MIGRATIONS: readonly string[] = [
  TABLES,
  HISTOGRAMS,
  PARTITIONS,
  DICTIONARY,
  COMMIT,
  REPRICE,
  LLM_METRICS,
  KEYS_AND_REPLAYS,
  LOCK_ORDER,
  EXACT_SCORES,
  EVALUATION_NAMES,
  GROUP_COMMIT,
];

/** Creates or upgrades the schema. Returns the versions before and after. Safe from several processes at once. */
export async function migratePostgres(
  options: PostgresOptions,
): Promise<{ readonly from: number; readonly to: number }> {
  const connection = await connectPostgres(options);
  try {
    return await migrateConnection(connection);
  } finally {
    await connection.close();
  }
}

/** All in one transaction under an advisory lock: another process waits, then finds nothing to do. */
export async function migrateConnection(
  connection: PostgresConnection,
): Promise<{ readonly from: number; readonly to: number }> {
  return connection.transaction(async (query) => {
    await query('SET LOCAL statement_timeout = 0', []);
    await query(`SELECT pg_advisory_xact_lock(hashtext('streamlens migrations'))`, []);
    await query(
      'CREATE TABLE IF NOT EXISTS streamlens_migrations (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
      [],
    );
    const [row] = await query('SELECT coalesce(max(version), 0) FROM streamlens_migrations', []);
    const from = Number(row?.[0]);
    refuseNewer(connection.place, from);
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < from) continue;
      await query(sql);
      await query('INSERT INTO streamlens_migrations (version) VALUES ($1)', [index + 1]);
    }
    return { from, to: MIGRATIONS.length };
  });
}

/** @throws {MetricsStoreError} where the database has not exactly the schema of this program. */
export async function checkPostgresVersion(connection: PostgresConnection): Promise<void> {
  const version = await readVersion(connection);
  refuseNewer(connection.place, version);
  if (version === MIGRATIONS.length) return;
  const message = `Postgres at ${connection.place} has schema version ${version}, this program needs ${MIGRATIONS.length}; run "streamlens migrate".`;
  throw new MetricsStoreError('misconfigured', message);
}

async function readVersion(connection: PostgresConnection): Promise<number> {
  try {
    const [row] = await connection.query('SELECT coalesce(max(version), 0) FROM streamlens_migrations', []);
    return Number(row?.[0]);
  } catch (error) {
    if (error instanceof MetricsStoreError && stateOf(error.cause) === '42P01') return 0;
    throw error;
  }
}

function refuseNewer(place: string, version: number): void {
  if (version <= MIGRATIONS.length) return;
  const message = `Postgres at ${place} has schema version ${version}, this program knows ${MIGRATIONS.length}; use a newer StreamLens.`;
  throw new MetricsStoreError('misconfigured', message);
}
