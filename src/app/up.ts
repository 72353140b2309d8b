import { LogClock } from '../event-log/sqlite/log-clock.ts';
import { SqliteEventLog } from '../event-log/sqlite/sqlite-event-log.ts';
import type { MetricsQueries } from '../metrics-api/metrics-queries.ts';
import { migrateSqlite } from '../metrics-store/sqlite/migrate-sqlite.ts';
import { createLogger } from '../observability/logger.ts';
import type { Settings } from '../settings/settings-table.ts';
import { CallableThread, threadUrl } from '../threads/thread-rpc.ts';
import { takeDataDirectory } from './data-directory.ts';
import { startIngestion } from './ingestion-role.ts';
import { startMetricsApi } from './metrics-api-role.ts';
import { openKeyCheck } from './open-key-check.ts';
import { openLog } from './open-log.ts';
import { storePath } from './open-store.ts';
import { openStoreQueries } from './open-store-queries.ts';
import type { RunningProgram } from './running-program.ts';
import { startProcessorThread } from './start-processor-thread.ts';
import { threadQueries } from './thread-queries.ts';

/**
 * All three roles in one process.
 *
 *     main thread       both HTTP servers
 *     append thread     writes the embedded log, for the main and the processor thread (an fsync blocks it)
 *     processor thread  reads the log, writes the store
 *     query thread      reads the store
 *     key thread        looks up API keys, where they are required
 */
export async function startUp(settings: Settings): Promise<RunningProgram> {
  const logger = createLogger('up', settings.logLevel);
  const isEmbedded = settings.kafkaBrokers === undefined || settings.postgresDsn === undefined;
  const releaseDirectory = isEmbedded ? takeDataDirectory(settings.dataDir) : () => undefined;
  if (settings.kafkaBrokers !== undefined) await createMissingTopics(settings);
  const clock = new LogClock().shared;
  const log = await openLog(settings, { clock });
  // Before the threads, so that they can start side by side and find the schema there.
  if (settings.postgresDsn === undefined && settings.migrate) migrateSqlite(storePath(settings));
  const keys = await openKeyCheck(settings);
  const [processor, queries, ingestion] = await Promise.all([
    startProcessorThread({
      settings,
      clock,
      ...(log instanceof SqliteEventLog ? { appendPort: log.openAppendPort() } : {}),
    }),
    settings.postgresDsn === undefined ? startQueryThread(settings) : openStoreQueries(settings),
    startIngestion(settings, settings.ingestionPort, { log, logger, checkKey: keys.check }),
  ]);
  const metricsApi = await startMetricsApi(settings, settings.metricsPort, {
    queries,
    logger,
    checkKey: keys.check,
    ingestion: { http: ingestion.port, grpc: settings.otlpGrpcPort },
    dependencies: [{ name: 'metrics processor', check: () => processor.call('checkReady', null) }],
    registries: [{ metrics: () => processor.call('metrics', null) }],
  });
  return {
    started: [
      `ingestion API   http://localhost:${ingestion.port}`,
      `metrics API     http://localhost:${metricsApi.port}`,
      `events in       ${settings.kafkaBrokers?.join(',') ?? settings.dataDir}`,
      `metrics in      ${settings.postgresDsn === undefined ? settings.dataDir : 'Postgres'}`,
    ],
    failed: new Promise((_, reject) => processor.onFailure(reject)),
    async stop(): Promise<void> {
      await ingestion.stop();
      await processor.stop();
      await metricsApi.stop();
      await queries.close();
      await keys.close();
      await log.close();
      releaseDirectory();
    },
  };
}

/** A question may make 10 MB of garbage, which must not be taken for something that stays. */
const QUERY_YOUNG_MB_MAX = 48;

async function startQueryThread(settings: Settings): Promise<MetricsQueries> {
  const url = threadUrl('app/query-thread');
  return threadQueries(
    await CallableThread.start(url, {
      name: 'query',
      workerData: { settings },
      resourceLimits: { maxYoungGenerationSizeMb: QUERY_YOUNG_MB_MAX },
    }),
  );
}

async function createMissingTopics(settings: Settings): Promise<void> {
  const { createConfiguredTopics } = await import('./configured-topics.ts');
  await createConfiguredTopics(settings);
}
