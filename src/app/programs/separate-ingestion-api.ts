import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { openKeyCheck } from '../open/open-key-check.ts';
import { openLog } from '../open/open-log.ts';
import { startIngestion } from '../roles/ingestion-role.ts';
import { accessLine, otlpLine } from './access-line.ts';
import { answeringProgram, type RunningProgram } from './running-program.ts';

/** `streamlens ingestion-api` */
export async function startSeparateIngestion(settings: SettingsOf<'ingestion-api'>): Promise<RunningProgram> {
  const logger = createLogger('ingestion-api', settings.logLevel);
  const log = await openLog(settings);
  const keys = await openKeyCheck(settings, logger);
  const draining = new Draining();
  const role = await startIngestion(settings, settings.httpPort, { log, logger, checkKey: keys.check, draining });
  const started = [
    `ingestion API   http://localhost:${role.port}`,
    otlpLine({ httpPort: role.port, grpcPort: role.grpcPort }),
    accessLine(settings),
  ];
  const endings = [() => role.stop(), () => log.close(), () => keys.close()];
  return answeringProgram({ started, logger, draining }, endings);
}
