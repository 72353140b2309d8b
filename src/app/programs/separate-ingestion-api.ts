import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { openCertificate } from '../open/open-certificate.ts';
import { openKeyCheck } from '../open/open-key-check.ts';
import { openLimits } from '../open/open-limits.ts';
import { openLog } from '../open/open-log.ts';
import { EVENT_SCHEMAS, openSchemaRegistry } from '../open/open-schema-registry.ts';
import { openTracing } from '../open/open-tracing.ts';
import { startIngestion } from '../roles/ingestion-role.ts';
import { accessLine, localUrl, otlpLine } from './access-line.ts';
import { answerWhileWaiting } from './answer-while-waiting.ts';
import { answeringProgram, type RunningProgram } from './running-program.ts';

/** `streamlens ingestion-api` */
export async function startSeparateIngestion(settings: SettingsOf<'ingestion-api'>): Promise<RunningProgram> {
  const tracing = await openTracing(settings, 'ingestion-api');
  const logger = createLogger('ingestion-api', settings.logLevel, tracing?.logIds);
  const certificate = openCertificate(settings, logger);
  const at = { host: settings.host, port: settings.httpPort, certificate };
  const valuePrefixes = await answerWhileWaiting(at, () => openSchemaRegistry(settings, EVENT_SCHEMAS, logger));
  const log = await openLog(settings, { valuePrefixes });
  const keys = await openKeyCheck(settings, logger);
  const limits = await openLimits(settings, logger);
  const draining = new Draining();
  const role = await startIngestion(settings, settings.httpPort, {
    log,
    logger,
    checkCaller: keys.keys?.check ?? null,
    limits: limits.limits,
    draining,
    certificate,
    sources: [log.metrics],
    tracing,
  });
  const url = localUrl(settings, role.port);
  const started = [`ingestion API   ${url}`, otlpLine(url, role.grpcPort), accessLine(settings)];
  const endings = [
    () => role.stop(),
    () => log.close(),
    () => limits.close(),
    () => keys.close(),
    async () => tracing?.close(),
  ];
  return answeringProgram({ started, logger, draining }, endings);
}
