import { LogClock } from '../../event-log/sqlite/log-clock.ts';
import { SqliteEventLog } from '../../event-log/sqlite/sqlite-event-log.ts';
import { TOPICS } from '../../events/topics.ts';
import { registrySource } from '../../exposition/registry-source.ts';
import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import type { Answerer } from '../../metrics-api/questions.ts';
import { migrateSqlite } from '../../metrics-store/sqlite/migrate-sqlite.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { CallableThread, threadUrl } from '../../threads/thread-rpc.ts';
import { QUERY_YOUNG_MB_MAX } from '../memory-limits.ts';
import { takeDataDirectory } from '../open/data-directory.ts';
import { openCertificate } from '../open/open-certificate.ts';
import { openKeyCheck } from '../open/open-key-check.ts';
import { openLimits } from '../open/open-limits.ts';
import { logPath, openLog } from '../open/open-log.ts';
import { checkPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { EVENT_SCHEMAS, openSchemaRegistry } from '../open/open-schema-registry.ts';
import { storePath } from '../open/open-store.ts';
import { openStoreQueries } from '../open/open-store-queries.ts';
import { openTracing } from '../open/open-tracing.ts';
import { tellMigrated } from '../open/tell-migrated.ts';
import { ClockWatch } from '../roles/clock-watch.ts';
import { DirectoryWatch } from '../roles/directory-watch.ts';
import { diskMetrics } from '../roles/disk-metrics.ts';
import { startIngestion } from '../roles/ingestion-role.ts';
import { startMetricsApi } from '../roles/metrics-api-role.ts';
import { processorMetrics } from '../threads/processor-metrics-source.ts';
import { QueryThreads } from '../threads/query-threads.ts';
import { startProcessorThread } from '../threads/start-processor-thread.ts';
import { accessLine, localUrl, otlpLine } from './access-line.ts';
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
  const tracing = await openTracing(settings, 'up');
  const logger = createLogger('up', settings.logLevel, tracing?.logIds);
  // What is wrong with a setting is told before anything is opened.
  await readPriceFile(settings);
  await checkPriceList(settings);
  const certificate = openCertificate(settings, logger);
  const isEmbedded = settings.kafkaBrokers === undefined || settings.postgresDsn === undefined;
  const releaseDirectory = isEmbedded ? takeDataDirectory(settings.dataDir) : () => undefined;
  if (settings.kafkaBrokers !== undefined) await createMissingTopics(settings, settings.kafkaBrokers);
  const draining = new Draining();
  const clock = new LogClock();
  const clockWatch = new ClockWatch(clock, logger);
  const valuePrefixes = await openSchemaRegistry(settings, EVENT_SCHEMAS, logger);
  const log = await openLog(settings, { clock: clock.shared, valuePrefixes });
  // Opens the file: one that cannot be used is told before any port is there.
  if (settings.kafkaBrokers === undefined) await log.bounds(TOPICS.requests);
  // Before the threads, so that they can start side by side and find the schema there.
  if (settings.postgresDsn === undefined && settings.migrate) {
    migrateSqlite(storePath(settings), tellMigrated(logger));
  }
  const directoryWatch = new DirectoryWatch(isEmbedded ? openPaths(settings) : [], logger);
  const watched = isEmbedded ? [clockWatch.dependency, directoryWatch.dependency] : [clockWatch.dependency];
  const disk = isEmbedded ? diskMetrics(settings.dataDir) : undefined;
  const keys = await openKeyCheck(settings, logger);
  const limits = await openLimits(settings, logger);
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
      checkCaller: keys.keys?.check ?? null,
      limits: limits.limits,
      draining,
      certificate,
      dependencies: watched,
      sources: [log.metrics, disk],
      opensAfter: startingProcessor,
      tracing,
    }),
  ]);
  if (isEmbedded) await directoryWatch.start();
  const metricsApi = await startMetricsApi(settings, settings.metricsPort, {
    answerer: queries,
    logger,
    access: keys,
    draining,
    certificate,
    tracing,
    ingestion: { http: ingestion.port, grpc: settings.otlpGrpcPort },
    dependencies: [
      { name: 'metrics processor', check: () => processor.call('checkReady', null), silence: 'busy' },
      ...watched,
    ],
    sources: [processorMetrics(processor), registrySource(clockWatch.registry), disk, queries.metrics],
  });
  return {
    started: [
      `ingestion API   ${localUrl(settings, ingestion.port)}`,
      `metrics API     ${localUrl(settings, metricsApi.port)}`,
      `dashboard       ${localUrl(settings, metricsApi.port)}/  (open it in a browser)`,
      otlpLine(localUrl(settings, ingestion.port), ingestion.grpcPort),
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
      await limits.close();
      await keys.close();
      await log.close();
      await tracing?.close();
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
  return QueryThreads.open((parts) =>
    CallableThread.start(url, {
      name: 'query',
      workerData: { settings, ...parts },
      resourceLimits: { maxYoungGenerationSizeMb: QUERY_YOUNG_MB_MAX },
    }),
  );
}

async function createMissingTopics(settings: SettingsOf<'up'>, brokers: readonly string[]): Promise<void> {
  const { createConfiguredTopics } = await import('../open/configured-topics.ts');
  await createConfiguredTopics(settings, brokers);
}
