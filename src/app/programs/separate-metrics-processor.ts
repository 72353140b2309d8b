import { LogClock } from '../../event-log/sqlite/log-clock.ts';
import { Draining } from '../../http/draining.ts';
import { addHealthRoutes } from '../../http/health-routes.ts';
import { createHttpServer } from '../../http/http-server.ts';
import { createLogger } from '../../http/logger.ts';
import { processMetrics } from '../../http/process-metrics.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { kafkaSettings } from '../open/open-log.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { ClockWatch } from '../roles/clock-watch.ts';
import { listen } from '../roles/listen.ts';
import { startProcessorThread } from '../threads/start-processor-thread.ts';
import { VERSION } from '../version.ts';
import { answerWhileWaiting } from './answer-while-waiting.ts';
import type { RunningProgram } from './running-program.ts';

/** `streamlens metrics-processor` */
export async function startSeparateProcessor(settings: SettingsOf<'metrics-processor'>): Promise<RunningProgram> {
  const logger = createLogger('metrics-processor', settings.logLevel);
  // Reads the certificate files: what is wrong with a setting must be told by this thread, as only it knows the kind.
  kafkaSettings(settings, settings.kafkaBrokers);
  await readPriceFile(settings);
  await readPriceList(settings);
  const draining = new Draining();
  const clock = new LogClock();
  const clockWatch = new ClockWatch(clock, logger);
  const processor = await answerWhileWaiting({ host: settings.host, port: settings.httpPort }, () =>
    startProcessorThread({ settings, clock: clock.shared }),
  );
  const server = createHttpServer({ logger, bodyBytesMax: 1024 });
  addHealthRoutes(server, {
    dependencies: [
      { name: 'metrics processor', check: () => processor.call('checkReady', null) },
      clockWatch.dependency,
    ],
    registries: [processMetrics(VERSION), clockWatch.registry, { metrics: () => processor.call('metrics', null) }],
    draining,
  });
  const port = await listen(server, { host: settings.host, port: settings.httpPort, draining });
  return {
    started: [`metrics processor   http://localhost:${port}/metrics`],
    logger,
    draining,
    failed: new Promise((_, reject) => processor.onFailure(reject)),
    async stop(): Promise<void> {
      clockWatch.stop();
      await processor.stop();
      await server.close();
    },
  };
}
