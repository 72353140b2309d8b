import { join } from 'node:path';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

/** `write`: for the processor, which also creates the schema. `read`: for the metrics API. */
export type StoreUse = 'write' | 'read';

/** A command without a data directory has a DSN. */
export type StoreSettings = Pick<
  SettingsOf<'up' | 'metrics-processor' | 'metrics-api'>,
  'postgresPoolMax' | 'migrate'
> &
  Partial<Pick<SettingsOf<'up' | 'metrics-processor'>, 'maxSeriesPerTenant'>> &
  ({ readonly postgresDsn: string } | { readonly postgresDsn: string | undefined; readonly dataDir: string });

/**
 * The store that the settings name: Postgres where there is a DSN, else the file in the data directory. What is read
 * from the file ends early once `isInterrupted` says so.
 */
export async function openStore(
  settings: StoreSettings,
  use: StoreUse,
  isInterrupted?: () => boolean,
): Promise<MetricsStore> {
  if (!('dataDir' in settings)) return openPostgres(settings, settings.postgresDsn);
  if (settings.postgresDsn !== undefined) return openPostgres(settings, settings.postgresDsn);
  const { openSqliteMetricsStore } = await import('../../metrics-store/sqlite/sqlite-metrics-store.ts');
  const readOnly = use === 'read';
  return openSqliteMetricsStore({
    path: storePath(settings),
    readOnly,
    ...(isInterrupted === undefined ? {} : { isInterrupted }),
    migrate: settings.migrate && !readOnly,
    ...limitsOf(settings),
  });
}

async function openPostgres(settings: StoreSettings, dsn: string): Promise<MetricsStore> {
  const { openPostgresMetricsStore } = await import('../../metrics-store/postgres/postgres-metrics-store.ts');
  return openPostgresMetricsStore({
    dsn,
    poolMax: settings.postgresPoolMax,
    statementTimeoutMs: STATEMENT_MS_MAX,
    migrate: settings.migrate,
    ...limitsOf(settings),
  });
}

/** Only the processor gives numbers to new series, and only it knows how many there may be. */
function limitsOf({ maxSeriesPerTenant }: StoreSettings): { readonly maxSeriesPerTenant?: number } {
  return maxSeriesPerTenant === undefined ? {} : { maxSeriesPerTenant };
}

export function storePath(settings: { readonly dataDir: string }): string {
  return join(settings.dataDir, 'metrics.sqlite');
}

const STATEMENT_MS_MAX = 30_000;
