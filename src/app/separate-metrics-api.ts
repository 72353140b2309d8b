import { createLogger } from '../observability/logger.ts';
import type { Settings } from '../settings/settings-table.ts';
import { startMetricsApi } from './metrics-api-role.ts';
import { openKeyCheck } from './open-key-check.ts';
import { openStoreQueries } from './open-store-queries.ts';
import { patiently } from './patiently.ts';
import type { RunningProgram } from './running-program.ts';

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
