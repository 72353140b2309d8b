import { LogClock } from '../../event-log/sqlite/log-clock.ts';
import { SqliteEventLog } from '../../event-log/sqlite/sqlite-event-log.ts';
import { TOPICS } from '../../events/topics.ts';
import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import type { Answerer } from '../../metrics-api/questions.ts';
import { migrateSqlite } from '../../metrics-store/sqlite/migrate-sqlite.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { CallableThread, threadUrl } from '../../threads/thread-rpc.ts';
import { QUERY_YOUNG_MB_MAX } from '../memory-limits.ts';
import { takeDataDirectory } from '../open/data-directory.ts';
import { openKeyCheck } from '../open/open-key-check.ts';
import { logPath, openLog } from '../open/open-log.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { storePath } from '../open/open-store.ts';
import { openStoreQueries } from '../open/open-store-queries.ts';
import { tellMigrated } from '../open/tell-migrated.ts';
import { ClockWatch } from '../roles/clock-watch.ts';
import { DirectoryWatch } from '../roles/directory-watch.ts';
import { startIngestion } from '../roles/ingestion-role.ts';
import { startMetricsApi } from '../roles/metrics-api-role.ts';
import { QueryThreads } from '../threads/query-threads.ts';
import { startProcessorThread } from '../threads/start-processor-thread.ts';
import { accessLine, otlpLine } from './access-line.ts';
import type { RunningProgram } from './running-program.ts';

/**
 * All three roles in one process.
 *
 *     main thread       both HTTP servers
 *     append thread     writes the embedded log, for the main and the processor thread (an fsync blocks it)
 *     processor thread  reads the log, writes the store
 *     query threads     read the store: one, and up to three more while long questions are asked
 *     key thread        looks up API keys, where they are required
 */
export async function startUp(settings: SettingsOf<'up'>): Promise<RunningProgram> {
  const logger = createLogger('up', settings.logLevel);
  // What is wrong with a setting is told before anything is opened.
  await readPriceFile(settings);
  await readPriceList(settings);
  const isEmbedded = settings.kafkaBrokers === undefined || settings.postgresDsn === undefined;
  const releaseDirectory = isEmbedded ? takeDataDirectory(settings.dataDir) : () => undefined;
  if (settings.kafkaBrokers !== undefined) await createMissingTopics(settings, settings.kafkaBrokers);
  const draining = new Draining();
  const clock = new LogClock();
  const clockWatch = new ClockWatch(clock, logger);
  const log = await openLog(settings, { clock: clock.shared });
  // Opens the file: one that cannot be used is told before any port is there.
  if (settings.kafkaBrokers === undefined) await log.bounds(TOPICS.requests);
  // Before the threads, so that they can start side by side and find the schema there.
  if (settings.postgresDsn === undefined && settings.migrate) {
    migrateSqlite(storePath(settings), tellMigrated(logger));
  }
  const directoryWatch = new DirectoryWatch(isEmbedded ? openPaths(settings) : [], logger);
  const watched = isEmbedded ? [clockWatch.dependency, directoryWatch.dependency] : [clockWatch.dependency];
  const keys = await openKeyCheck(settings, logger);
  const startingProcessor = startProcessorThread({
    settings,
    clock: clock.shared,
    ...(log instanceof SqliteEventLog ? { appendPort: log.openAppendPort() } : {}),
  });
  const [processor, queries, ingestion] = await Promise.all([
    startingProcessor,
    settings.postgresDsn === undefined ? startQueryThreads(settings) : openStoreQueries(settings, logger),
    startIngestion(settings, settings.ingestionPort, {
      log,
      logger,
      checkKey: keys.check,
      draining,
      dependencies: watched,
      opensAfter: startingProcessor,
    }),
  ]);
  if (isEmbedded) await directoryWatch.start();
  const metricsApi = await startMetricsApi(settings, settings.metricsPort, {
    answerer: queries,
    logger,
    checkKey: keys.check,
    draining,
    ingestion: { http: ingestion.port, grpc: settings.otlpGrpcPort },
    dependencies: [{ name: 'metrics processor', check: () => processor.call('checkReady', null) }, ...watched],
    registries: [{ metrics: () => processor.call('metrics', null) }, clockWatch.registry],
  });
  return {
    started: [
      `ingestion API   http://localhost:${ingestion.port}`,
      `metrics API     http://localhost:${metricsApi.port}`,
      `dashboard       http://localhost:${metricsApi.port}/  (open it in a browser)`,
      otlpLine({ httpPort: ingestion.port, grpcPort: ingestion.grpcPort }),
      `events in       ${settings.kafkaBrokers?.join(',') ?? settings.dataDir}`,
      `metrics in      ${settings.postgresDsn === undefined ? settings.dataDir : 'Postgres'}`,
      accessLine(settings),
    ],
    logger,
    draining,
    failed: new Promise((_, reject) => processor.onFailure(reject)),
    async stop(): Promise<void> {
      clockWatch.stop();
      directoryWatch.stop();
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

/** What must stay where it is while the process runs. */
function openPaths(settings: SettingsOf<'up'>): readonly string[] {
  const log = settings.kafkaBrokers === undefined ? [logPath(settings)] : [];
  const store = settings.postgresDsn === undefined ? [storePath(settings)] : [];
  return [settings.dataDir, ...log, ...store];
}

function startQueryThreads(settings: SettingsOf<'up'>): Promise<Answerer> {
  const url = threadUrl('app/threads/query-thread');
  return QueryThreads.open((interrupt) =>
    CallableThread.start(url, {
      name: 'query',
      workerData: { settings, interrupt },
      resourceLimits: { maxYoungGenerationSizeMb: QUERY_YOUNG_MB_MAX },
    }),
  );
}

async function createMissingTopics(settings: SettingsOf<'up'>, brokers: readonly string[]): Promise<void> {
  const { createConfiguredTopics } = await import('../open/configured-topics.ts');
  await createConfiguredTopics(settings, brokers);
}
