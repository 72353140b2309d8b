import { setFlagsFromString } from 'node:v8';
import { type MessagePort, workerData } from 'node:worker_threads';
import { LogClock, type SharedLogClock } from '../../event-log/sqlite/log-clock.ts';
import { createLogger } from '../../http/logger.ts';
import { findShards } from '../../metrics-processor/shards.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';
import { PROCESSOR_HEAP_GROWTH } from '../memory-limits.ts';
import { openLog } from '../open/open-log.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { openStore } from '../open/open-store.ts';
import { patiently } from '../open/patiently.ts';
import { ProcessorRole } from '../roles/processor-role.ts';

/** The processor, in a thread of its own: SQLite blocks it, and folding a backlog never holds up an HTTP answer. */
export interface ProcessorThreadData {
  readonly settings: SettingsOf<'up'> | SettingsOf<'metrics-processor'>;
  readonly clock: SharedLogClock;
  /** The way to the append thread of the embedded log. */
  readonly appendPort?: MessagePort;
}

setFlagsFromString(PROCESSOR_HEAP_GROWTH);

const { settings, clock, appendPort } = workerData as ProcessorThreadData;
const logger = createLogger('metrics-processor', settings.logLevel);
const overrides = await readPriceFile(settings);
const priceList = await readPriceList(settings);
const store = await patiently('the store', logger, () => openStore(settings, 'write', { logger }));
const log = await openLog(settings, { clock, appendPort });
// What cannot be worked with is told before any port is there.
await patiently('the event log', logger, () => findShards({ log, store }));
const role = new ProcessorRole(settings, { log, store, logger, clock: new LogClock(clock), overrides, priceList });

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
