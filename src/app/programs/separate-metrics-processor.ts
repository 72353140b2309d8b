import { LogClock } from '../../event-log/sqlite/log-clock.ts';
import { registrySource } from '../../exposition/registry-source.ts';
import { Draining } from '../../http/draining.ts';
import { addHealthRoutes } from '../../http/health-routes.ts';
import { createHttpServer } from '../../http/http-server.ts';
import { createLogger } from '../../http/logger.ts';
import { processMetrics } from '../../http/process-metrics.ts';
import { RequestMetrics } from '../../http/request-metrics.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { openCertificate } from '../open/open-certificate.ts';
import { kafkaSettings } from '../open/open-log.ts';
import { checkPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { ClockWatch } from '../roles/clock-watch.ts';
import { listen } from '../roles/listen.ts';
import { processorMetrics } from '../threads/processor-metrics-source.ts';
import { startProcessorThread } from '../threads/start-processor-thread.ts';
import { VERSION } from '../version.ts';
import { boundLine, localUrl } from './access-line.ts';
import { answerWhileWaiting } from './answer-while-waiting.ts';
import type { RunningProgram } from './running-program.ts';

/** `streamlens metrics-processor` */
export async function startSeparateProcessor(settings: SettingsOf<'metrics-processor'>): Promise<RunningProgram> {
  const logger = createLogger('metrics-processor', settings.logLevel);
  // Reads the certificate files: what is wrong with a setting must be told by this thread, as only it knows the kind.
  kafkaSettings(settings, settings.kafkaBrokers);
  await readPriceFile(settings);
  await checkPriceList(settings);
  const certificate = openCertificate(settings, logger);
  const draining = new Draining();
  const clock = new LogClock();
  const clockWatch = new ClockWatch(clock, logger);
  const processor = await answerWhileWaiting({ host: settings.host, port: settings.httpPort, certificate }, () =>
    startProcessorThread({ settings, clock: clock.shared }),
  );
  const requests = new RequestMetrics();
  const server = createHttpServer({ logger, bodyBytesMax: 1024, certificate });
  addHealthRoutes(server, {
    dependencies: [
      { name: 'metrics processor', check: () => processor.call('checkReady', null), silence: 'busy' },
      clockWatch.dependency,
    ],
    sources: [processMetrics(VERSION), requests, registrySource(clockWatch.registry), processorMetrics(processor)],
    draining,
  });
  const port = await listen(server, { host: settings.host, port: settings.httpPort, draining, requests });
  return {
    started: [`metrics processor   ${localUrl(settings, port)}/metrics`, boundLine(settings)],
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
