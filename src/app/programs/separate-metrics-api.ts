import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { openCertificate } from '../open/open-certificate.ts';
import { openKeyCheck } from '../open/open-key-check.ts';
import { openStoreQueries } from '../open/open-store-queries.ts';
import { openTracing } from '../open/open-tracing.ts';
import { patiently } from '../open/patiently.ts';
import { startMetricsApi } from '../roles/metrics-api-role.ts';
import { accessLine, localUrl } from './access-line.ts';
import { answerWhileWaiting } from './answer-while-waiting.ts';
import { answeringProgram, type RunningProgram } from './running-program.ts';

/** `streamlens metrics-api` */
export async function startSeparateMetricsApi(settings: SettingsOf<'metrics-api'>): Promise<RunningProgram> {
  const tracing = await openTracing(settings, 'metrics-api');
  const logger = createLogger('metrics-api', settings.logLevel, tracing?.logIds);
  const certificate = openCertificate(settings, logger);
  const answerer = await answerWhileWaiting({ host: settings.host, port: settings.httpPort, certificate }, () =>
    patiently('the store', logger, () => openStoreQueries(settings, logger)),
  );
  const keys = await openKeyCheck(settings, logger);
  const draining = new Draining();
  const role = await startMetricsApi(settings, settings.httpPort, {
    answerer,
    logger,
    access: keys,
    draining,
    certificate,
    sources: [answerer.metrics],
    tracing,
  });
  const url = localUrl(settings, role.port);
  const started = [`metrics API     ${url}`, `dashboard       ${url}/  (open it in a browser)`, accessLine(settings)];
  const endings = [() => role.stop(), () => answerer.close(), () => keys.close(), async () => tracing?.close()];
  return answeringProgram({ started, logger, draining }, endings);
}
