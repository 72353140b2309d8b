import { join } from 'node:path';
import type { Logger } from '../../http/logger.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { postgresLogin } from './postgres-login.ts';
import { tellMigrated } from './tell-migrated.ts';

/** `write`: for the processor, which also creates the schema. `read`: for the metrics API. */
export type StoreUse = 'write' | 'read';

/** A command without a data directory has a DSN. */
export type StoreSettings = Pick<
  SettingsOf<'up' | 'metrics-processor' | 'metrics-api'>,
  'postgresPoolMax' | 'migrate' | 'postgresDsnFile'
> &
  Partial<Pick<SettingsOf<'up' | 'metrics-processor'>, 'maxSeriesPerTenant' | 'metricDimensionValuesMax'>> &
  ({ readonly postgresDsn: string } | { readonly postgresDsn: string | undefined; readonly dataDir: string });

export interface OpenStoreOptions {
  /** Where it is told that the schema was created or upgraded. */
  readonly logger?: Logger;
  /** Whether the embedded store keeps a list of changed rows for `llm.metrics`; true unless told otherwise. */
  readonly areRowsPublished?: boolean;
  /** What is read from the file ends early once this says so. */
  readonly isInterrupted?: () => boolean;
}

/** The store that the settings name: Postgres where there is a DSN, else the file in the data directory. */
export async function openStore(
  settings: StoreSettings,
  use: StoreUse,
  { logger, areRowsPublished = true, isInterrupted }: OpenStoreOptions = {},
): Promise<MetricsStore> {
  if (!('dataDir' in settings)) return openPostgres(settings, settings.postgresDsn, logger);
  if (settings.postgresDsn !== undefined) return openPostgres(settings, settings.postgresDsn, logger);
  const { openSqliteMetricsStore } = await import('../../metrics-store/sqlite/sqlite-metrics-store.ts');
  const readOnly = use === 'read';
  return openSqliteMetricsStore({
    path: storePath(settings),
    readOnly,
    areRowsPublished,
    ...(isInterrupted === undefined ? {} : { isInterrupted }),
    migrate: settings.migrate && !readOnly,
    ...limitsOf(settings),
  });
}

async function openPostgres(settings: StoreSettings, dsn: string, logger?: Logger): Promise<MetricsStore> {
  const { openPostgresMetricsStore } = await import('../../metrics-store/postgres/postgres-metrics-store.ts');
  return openPostgresMetricsStore({
    ...postgresLogin(dsn, settings),
    poolMax: settings.postgresPoolMax,
    statementTimeoutMs: STATEMENT_MS_MAX,
    migrate: settings.migrate,
    ...(logger === undefined ? {} : { onMigrated: tellMigrated(logger) }),
    ...limitsOf(settings),
  });
}

/** Only the processor gives numbers to new series, and only it knows how many there may be. */
function limitsOf({ maxSeriesPerTenant, metricDimensionValuesMax }: StoreSettings): {
  readonly maxSeriesPerTenant?: number;
  readonly dimensionValuesMax?: number;
} {
  return {
    ...(maxSeriesPerTenant === undefined ? {} : { maxSeriesPerTenant }),
    ...(metricDimensionValuesMax === undefined ? {} : { dimensionValuesMax: metricDimensionValuesMax }),
  };
}

export function storePath(settings: { readonly dataDir: string }): string {
  return join(settings.dataDir, 'metrics.sqlite');
}

const STATEMENT_MS_MAX = 30_000;
