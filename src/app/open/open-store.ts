import { join } from 'node:path';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { Settings } from '../../settings/settings-table.ts';

/** `write`: for the processor, which also creates the schema. `read`: for the metrics API. */
export type StoreUse = 'write' | 'read';

/**
 * The store that the settings name: Postgres where there is a DSN, else the file in the data directory. What is read from the file
 * ends early once `isInterrupted` says so.
 */
export async function openStore(
  settings: Settings,
  use: StoreUse,
  isInterrupted?: () => boolean,
): Promise<MetricsStore> {
  const limits = settings.maxSeriesPerTenant === undefined ? {} : { maxSeriesPerTenant: settings.maxSeriesPerTenant };
  if (settings.postgresDsn !== undefined) {
    const { openPostgresMetricsStore } = await import('../../metrics-store/postgres/postgres-metrics-store.ts');
    return openPostgresMetricsStore({
      dsn: settings.postgresDsn,
      poolMax: settings.postgresPoolMax,
      statementTimeoutMs: STATEMENT_MS_MAX,
      migrate: settings.migrate,
      ...limits,
    });
  }
  const { openSqliteMetricsStore } = await import('../../metrics-store/sqlite/sqlite-metrics-store.ts');
  const readOnly = use === 'read';
  return openSqliteMetricsStore({
    path: storePath(settings),
    readOnly,
    ...(isInterrupted === undefined ? {} : { isInterrupted }),
    migrate: settings.migrate && !readOnly,
    ...limits,
  });
}

export function storePath(settings: Settings): string {
  return join(settings.dataDir, 'metrics.sqlite');
}

const STATEMENT_MS_MAX = 30_000;
