import { workerData } from 'node:worker_threads';
import { createLogger } from '../observability/logger.ts';
import type { Settings } from '../settings/settings-table.ts';
import { serveCalls } from '../threads/thread-rpc.ts';
import { openLog } from './open-log.ts';
import { openStore } from './open-store.ts';
import { ProcessorRole } from './processor-role.ts';

/** The processor of `up`, in a thread of its own: SQLite blocks it, and folding never holds up an HTTP answer. */
export interface ProcessorThreadData {
  readonly settings: Settings;
  readonly clock: SharedArrayBuffer;
}

const { settings, clock } = workerData as ProcessorThreadData;
const logger = createLogger('metrics-processor', settings.logLevel);
const store = await openStore(settings, 'write');
const log = await openLog(settings, clock);
const role = new ProcessorRole(settings, { log, store, logger });

// A processor that failed for good ends the thread, and that the process: replay from the log is the recovery.
role.done.catch((error: unknown) => {
  setImmediate(() => {
    throw error;
  });
});

serveCalls({
  checkReady: () => role.checkReady(),
  metrics: () => role.metrics.registry.metrics(),
  async stop(): Promise<void> {
    await role.stop();
    await log.close();
    await store.close();
  },
});
