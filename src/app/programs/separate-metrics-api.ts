import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { openKeyCheck } from '../open/open-key-check.ts';
import { openStoreQueries } from '../open/open-store-queries.ts';
import { patiently } from '../open/patiently.ts';
import { startMetricsApi } from '../roles/metrics-api-role.ts';
import { accessLine } from './access-line.ts';
import { answerWhileWaiting } from './answer-while-waiting.ts';
import { answeringProgram, type RunningProgram } from './running-program.ts';

/** `streamlens metrics-api` */
export async function startSeparateMetricsApi(settings: SettingsOf<'metrics-api'>): Promise<RunningProgram> {
  const logger = createLogger('metrics-api', settings.logLevel);
  const answerer = await answerWhileWaiting({ host: settings.host, port: settings.httpPort }, () =>
    patiently('the store', logger, () => openStoreQueries(settings, logger)),
  );
  const keys = await openKeyCheck(settings, logger);
  const draining = new Draining();
  const role = await startMetricsApi(settings, settings.httpPort, { answerer, logger, checkKey: keys.check, draining });
  const started = [
    `metrics API     http://localhost:${role.port}`,
    `dashboard       http://localhost:${role.port}/  (open it in a browser)`,
    accessLine(settings),
  ];
  const endings = [() => role.stop(), () => answerer.close(), () => keys.close()];
  return answeringProgram({ started, logger, draining }, endings);
}
