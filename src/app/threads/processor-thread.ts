import { setFlagsFromString } from 'node:v8';
import { type MessagePort, workerData } from 'node:worker_threads';
import { LogClock, type SharedLogClock } from '../../event-log/sqlite/log-clock.ts';
import { joined } from '../../exposition/joined.ts';
import { createLogger } from '../../http/logger.ts';
import { findShards } from '../../metrics-processor/shards.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';
import { atMost } from '../../tracing/at-most.ts';
import { PROCESSOR_HEAP_GROWTH } from '../memory-limits.ts';
import { openLog } from '../open/open-log.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { openRoster } from '../open/open-roster.ts';
import { openSchemaRegistry, PUBLISHED_SCHEMAS } from '../open/open-schema-registry.ts';
import { openStore } from '../open/open-store.ts';
import { openTracing } from '../open/open-tracing.ts';
import { patiently } from '../open/patiently.ts';
import { usedBy } from '../open/used-by.ts';
import { ProcessorRole } from '../roles/processor-role.ts';

/** The processor, in a thread of its own: SQLite blocks it, and folding a backlog never holds up an HTTP answer. */
export interface ProcessorThreadData {
  readonly settings: SettingsOf<'up'> | SettingsOf<'metrics-processor'>;
  readonly clock: SharedLogClock;
  /** The way to the append thread of the embedded log. */
  readonly appendPort?: MessagePort;
}

/** All of a stop has 10 s. What is still under way by then is repeated by the next one, or never began. */
const CLOSE_MS_MAX = 1000;
const ROSTER_MS_MAX = 500;

setFlagsFromString(PROCESSOR_HEAP_GROWTH);

const { settings, clock, appendPort } = workerData as ProcessorThreadData;
const tracing = await openTracing(settings, 'metrics-processor');
const logger = createLogger('metrics-processor', settings.logLevel, tracing?.logIds);
const overrides = await readPriceFile(settings);
const priceList = await readPriceList(settings);
// The file of an embedded log has no readers but us: rows would be written there for nobody, as much as all events are.
const areRowsPublished = settings.kafkaBrokers !== undefined;
const store = await patiently('the store', logger, () => openStore(settings, 'write', { logger, areRowsPublished }));
const valuePrefixes = await openSchemaRegistry(settings, PUBLISHED_SCHEMAS, logger);
const log = await openLog(settings, { clock, appendPort, valuePrefixes });
// What cannot be worked with is told before any port is there.
await patiently('the event log', logger, () => findShards({ log, store }));
const roster = await patiently('the store', logger, () => openRoster(settings));
const role = new ProcessorRole(settings, {
  log,
  store,
  roster,
  logger,
  clock: new LogClock(clock),
  overrides,
  priceList,
  tracing,
});

const storeMetrics = settings.postgresDsn === undefined ? store.metrics : usedBy('processor', store);
const metrics = joined([role.metrics, log.metrics, storeMetrics]);

// A processor that failed for good ends the thread, and that the process: replay from the log is the recovery.
role.done.catch((error: unknown) => {
  setImmediate(() => {
    throw error;
  });
});

serveCalls({
  checkReady: () => role.checkReady(),
  metrics: () => metrics.families(),
  async stop(): Promise<void> {
    await role.stop();
    await atMost(CLOSE_MS_MAX, log.close());
    // It may wait for an answer, and the store is closed after it.
    if (roster !== undefined) await atMost(ROSTER_MS_MAX, roster.close());
    await atMost(CLOSE_MS_MAX, store.close());
    await tracing?.close();
  },
});
