import { LogClock } from '../event-log/sqlite/log-clock.ts';
import { createHttpServer } from '../http/http-server.ts';
import { addHealthRoutes } from '../observability/health-routes.ts';
import { createLogger } from '../observability/logger.ts';
import { processMetrics } from '../observability/process-metrics.ts';
import type { Settings } from '../settings/settings-table.ts';
import { listen, startIngestion } from './ingestion-role.ts';
import { startMetricsApi } from './metrics-api-role.ts';
import { openKeyCheck } from './open-key-check.ts';
import { kafkaSettings, openLog } from './open-log.ts';
import { openStoreQueries } from './open-store-queries.ts';
import { patiently } from './patiently.ts';
import type { RunningProgram } from './running-program.ts';
import { startProcessorThread } from './start-processor-thread.ts';
import { VERSION } from './version.ts';

/** `streamlens ingestion-api` */
export async function startSeparateIngestion(settings: Settings): Promise<RunningProgram> {
  const logger = createLogger('ingestion-api', settings.logLevel);
  const log = await openLog(settings);
  const keys = await openKeyCheck(settings);
  const role = await startIngestion(settings, settings.httpPort, { log, logger, checkKey: keys.check });
  return {
    started: [`ingestion API   http://localhost:${role.port}`],
    failed: new Promise(() => undefined),
    async stop(): Promise<void> {
      await role.stop();
      await log.close();
      await keys.close();
    },
  };
}

/** `streamlens metrics-processor` */
export async function startSeparateProcessor(settings: Settings): Promise<RunningProgram> {
  const logger = createLogger('metrics-processor', settings.logLevel);
  // Reads the certificate files: what is wrong with a setting must be told by this thread, as only it knows the kind.
  kafkaSettings(settings, settings.kafkaBrokers ?? []);
  const processor = await startProcessorThread({ settings, clock: new LogClock().shared });
  const server = createHttpServer({ logger, bodyBytesMax: 1024 });
  addHealthRoutes(server, {
    dependencies: [{ name: 'metrics processor', check: () => processor.call('checkReady', null) }],
    registries: [processMetrics(VERSION), { metrics: () => processor.call('metrics', null) }],
  });
  const port = await listen(server, settings.host, settings.httpPort);
  return {
    started: [`metrics processor   http://localhost:${port}/metrics`],
    failed: new Promise((_, reject) => processor.onFailure(reject)),
    async stop(): Promise<void> {
      await processor.stop();
      await server.close();
    },
  };
}

/** `streamlens metrics-api` */
export async function startSeparateMetricsApi(settings: Settings): Promise<RunningProgram> {
  const logger = createLogger('metrics-api', settings.logLevel);
  const queries = await patiently('the store', logger, () => openStoreQueries(settings));
  const keys = await openKeyCheck(settings);
  const role = await startMetricsApi(settings, settings.httpPort, { queries, logger, checkKey: keys.check });
  return {
    started: [`metrics API   http://localhost:${role.port}`],
    failed: new Promise(() => undefined),
    async stop(): Promise<void> {
      await role.stop();
      await queries.close();
      await keys.close();
    },
  };
}
