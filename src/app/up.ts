import { LogClock } from '../event-log/sqlite/log-clock.ts';
import { createLogger } from '../observability/logger.ts';
import type { Settings } from '../settings/settings-table.ts';
import { CallableThread, threadUrl } from '../threads/thread-rpc.ts';
import { takeDataDirectory } from './data-directory.ts';
import { startIngestion } from './ingestion-role.ts';
import { startMetricsApi } from './metrics-api-role.ts';
import { openLog } from './open-log.ts';
import { openStoreQueries } from './open-store-queries.ts';
import type { RunningProgram } from './running-program.ts';
import { threadQueries } from './thread-queries.ts';

/**
 * All three roles in one process.
 *
 *     main thread       both HTTP servers
 *     append thread     writes the embedded log (an fsync blocks it)
 *     processor thread  reads the log, writes the store
 *     query thread      reads the store
 */
export async function startUp(settings: Settings): Promise<RunningProgram> {
  const logger = createLogger('up', settings.logLevel);
  const isEmbedded = settings.kafkaBrokers === undefined || settings.postgresDsn === undefined;
  const releaseDirectory = isEmbedded ? takeDataDirectory(settings.dataDir) : () => undefined;
  if (settings.kafkaBrokers !== undefined) await createMissingTopics(settings);
  const clock = new LogClock().shared;
  const log = await openLog(settings, clock);
  const processor = await CallableThread.start(threadUrl('./processor-thread', import.meta.url), {
    name: 'processor',
    workerData: { settings, clock },
  });
  const queries =
    settings.postgresDsn === undefined
      ? threadQueries(
          await CallableThread.start(threadUrl('./query-thread', import.meta.url), {
            name: 'query',
            workerData: { settings },
          }),
        )
      : await openStoreQueries(settings);
  const ingestion = await startIngestion(settings, settings.ingestionPort, { log, logger });
  const metricsApi = await startMetricsApi(settings, settings.metricsPort, {
    queries,
    logger,
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
      await log.close();
      releaseDirectory();
    },
  };
}

async function createMissingTopics(settings: Settings): Promise<void> {
  const { createConfiguredTopics } = await import('./configured-topics.ts');
  await createConfiguredTopics(settings);
}
