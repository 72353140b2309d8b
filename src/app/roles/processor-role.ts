import { randomInt, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { EventLog } from '../../event-log/event-log.ts';
import type { LogClock } from '../../event-log/sqlite/log-clock.ts';
import type { Logger } from '../../http/logger.ts';
import { publishChanges } from '../../metrics-processor/outbox.ts';
import { Processor } from '../../metrics-processor/processor.ts';
import { ProcessorMetrics } from '../../metrics-processor/processor-metrics.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { Roster } from '../../metrics-store/roster.ts';
import { type FileWatch, watchFile } from '../../prices/file-watch.ts';
import { createPriceBook } from '../../prices/layered-price-book.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import { listName, type PriceList } from '../../prices/price-list.ts';
import { loadPriceList } from '../../prices/price-list-file.ts';
import type { PriceOverride } from '../../prices/price-override.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { DAY_MS, HOUR_MS, windowStartMs } from '../../tally/window.ts';
import { atMost } from '../../tracing/at-most.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { priceListPath } from '../open/open-price-list.ts';
import { SYSTEM_RUNTIME } from '../system-runtime.ts';
import { countingSettings } from './counting-settings.ts';
import { inOwnTime } from './own-time.ts';
import { Retention, type RetentionSettings } from './retention.ts';

/** Most traces are whole within seconds; what is older is packed, in a tenth of the memory. */
const AWAKE_REPORTS_MAX = 3000;
const POLL_BYTES_MAX = 4 * 1024 * 1024;
const PUBLISH_EVERY_MS = 500;
const PRUNE_EVERY_MS = 10 * 60_000;
const LOG_SIZE_EVERY_MS = 30_000;
const METER_ROOM_EVERY_MS = 15_000;
/** `doctor` takes one that was silent for a minute for one that is gone. */
const TELL_EVERY_MS = 20_000;
const PACK_EVERY_MS = 30_000;
/** Some 20 ms of work, during which nothing is committed; then a pause, in which others may show that they are busy. */
const PACK_ROWS_MAX = 1_000;
const PACK_PAUSE_MS = 50;
/** A day is packed when it has been over for so long: what is late is mostly there. */
const PACK_AFTER_MS = 3_600_000;
/** The share of its time in which this thread may be busy with other things. */
const BUSY_MAX = 0.3;

/** While a disk is full or a database away, a chore that fails is tried again no less often. */
const CHORE_BACKOFF_MS_MAX = 60_000;

/** How long a stop waits for a chore that is under way. */
const CHORES_MS_MAX = 1000;

/** How long the store or the log may take to say that it is there. */
const CHECK_MS_MAX = 1500;

/** One member does the work that is not divided by partitions: the owner of this one. */
const CHORES_PARTITION = 0;

/**
 * How much longer than the timeout to wait before a record is given up. The log times of a Kafka partition can fall
 * back a little when its leader moves, and records may lie for some seconds in a new partition before we know of it.
 * The embedded log has neither.
 */
const KAFKA_LOG_TIME_SLACK_MS = 20_000;

export type ProcessorSettings = SettingsOf<'up' | 'metrics-processor'> & RetentionSettings;

export interface ProcessorPorts {
  readonly log: EventLog;
  readonly store: MetricsStore;
  readonly roster?: Roster | undefined;
  readonly logger: Logger;
  /** The clock of this process, which is asked even where the log has stamps of its own. */
  readonly clock: LogClock;
  /** The overrides that the price file held at the start: they are in force before the first record is folded. */
  readonly overrides: readonly PriceOverride[];
  readonly priceList: PriceList;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** A running processor with its chores: publishing changes, forgetting old rows, reloading prices. */
export class ProcessorRole {
  readonly metrics: ProcessorMetrics;
  /** Resolves after `stop`; rejects when the log or the store failed for good. */
  readonly done: Promise<void>;

  readonly #settings: ProcessorSettings;
  readonly #ports: ProcessorPorts;
  readonly #processor: Processor;
  readonly #retention: Retention;
  readonly #stopping = new AbortController();
  readonly #id = randomUUID();
  #overrides: readonly PriceOverride[];
  #list: PriceList;
  #prices: PriceBook;

  constructor(settings: ProcessorSettings, ports: ProcessorPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.metrics = new ProcessorMetrics(ports.logger);
    this.#overrides = ports.overrides;
    this.#list = ports.priceList;
    this.#prices = this.#openBook();
    this.#retention = new Retention(settings, ports);
    this.#processor = new Processor(
      {
        joinTimeoutMs: settings.joinTimeoutMs,
        dedupHorizonMs: settings.dedupHorizonMs,
        logTimeSlackMs: settings.kafkaBrokers === undefined ? 0 : KAFKA_LOG_TIME_SLACK_MS,
        traceHorizonMs: settings.traceHorizonMs,
        awakeReportsMax: AWAKE_REPORTS_MAX,
        pendingMax: settings.pendingMax,
        pendingBytesMax: settings.pendingBytesMax,
        callsPerSecondMax: settings.callsPerSecondMax,
        dimensions: { names: settings.metricDimensions ?? [], areMinutesKept: settings.metricDimensionMinutes },
        fingerprintSeed: randomInt(2 ** 31),
        commitIntervalMs: settings.commitIntervalMs,
        pollBytesMax: POLL_BYTES_MAX,
      },
      {
        log: ports.log,
        store: ports.store,
        roster: ports.roster,
        runtime: SYSTEM_RUNTIME,
        events: this.metrics,
        prices: () => this.#prices,
        tracing: ports.tracing,
      },
    );
    this.done = this.#run();
  }

  /** @throws when partitions are not recovered yet, or the log or the store cannot be used */
  async checkReady(): Promise<void> {
    if (!this.#processor.isReady) throw new Error('still reading the log back');
    const { store, log } = this.#ports;
    await inOwnTime('the metrics store', store.checkHealth(), CHECK_MS_MAX);
    await inOwnTime('the event log', log.checkHealth(), CHECK_MS_MAX);
    this.#processor.checkReading();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#processor.stop();
    await this.done.catch(() => undefined);
  }

  async #run(): Promise<void> {
    await this.#forgetAtStart().catch((error: Error) => this.#ports.logger.warn(error.message));
    const watches = [await this.#watchPrices(), this.#watchPriceList()];
    const chores = [
      this.#every('publishing', PUBLISH_EVERY_MS, () => this.#publish()),
      this.#every('deleting what is too old', PRUNE_EVERY_MS, () => this.#prune()),
      this.#every('packing days', PACK_EVERY_MS, () => this.#packDays()),
      this.#every('keeping the log within its size', LOG_SIZE_EVERY_MS, () => this.#pruneBySize()),
      this.#every('looking at the room of metrics', METER_ROOM_EVERY_MS, () => this.#lookAtMeterRoom()),
      this.#tell().catch((error: Error) => this.#ports.logger.warn(error.message)),
      this.#every('telling how it counts', TELL_EVERY_MS, () => this.#tell()),
      this.#refreshPrices().catch((error: Error) => this.#ports.logger.warn(error.message)),
    ];
    try {
      await this.#processor.run();
    } finally {
      this.#stopping.abort();
      for (const watch of watches) watch?.stop();
      await atMost(CHORES_MS_MAX, Promise.allSettled(chores));
    }
    // What the last commits changed; what is not published now is by whoever takes the partition over.
    await atMost(CHORES_MS_MAX, Promise.allSettled([this.#publish(), this.#ports.store.forgetProcessor(this.#id)]));
  }

  /**
   * Deletes what is too old before anything new is counted, so that a process that restarts often forgets as well. Not
   * a while later: history that somebody sends right after the start would be gone before he has looked at its calls.
   */
  async #forgetAtStart(): Promise<void> {
    await this.#retention.lookBack();
    await this.#retention.prune();
  }

  async #watchPrices(): Promise<FileWatch | undefined> {
    const { pricesFile } = this.#settings;
    if (pricesFile === undefined) return undefined;
    const { watchPriceFile } = await import('../../prices/price-file-watch.ts');
    return watchPriceFile({
      path: pricesFile,
      onPrices: (overrides) => {
        this.#overrides = overrides;
        this.#prices = this.#openBook();
        this.#ports.logger.info({ prices: overrides.length }, 'Read the price file');
      },
      onError: (error) => this.#ports.logger.error(`${error.message}; the prices before it stay`),
    });
  }

  #watchPriceList(): FileWatch | undefined {
    const path = priceListPath(this.#settings);
    if (path === null) return undefined;
    return watchFile({
      path,
      load: loadPriceList,
      onChange: (list) => {
        if (list.version === this.#list.version && list.date === this.#list.date) return;
        this.#list = list;
        this.#prices = this.#openBook();
        this.#ports.logger.info({ list: listName(list) }, 'Read the price list');
      },
      onError: ({ message }) => this.#ports.logger.error(`The price list: ${message}; the prices before it stay`),
    });
  }

  /** Stores what it finds; the watch on the list reads it. */
  async #refreshPrices(): Promise<void> {
    const { pricesRefreshHours } = this.#settings;
    if (pricesRefreshHours === 0) return;
    const [{ refreshEveryMs, refreshPrices }, { updatePrices }] = await Promise.all([
      import('./price-refresh.ts'),
      import('../tasks/update-prices.ts'),
    ]);
    await refreshPrices({
      settings: this.#settings,
      everyMs: refreshEveryMs(pricesRefreshHours),
      logger: this.#ports.logger,
      signal: this.#stopping.signal,
      nowMs: Date.now,
      sleep: (ms, signal) => SYSTEM_RUNTIME.sleep(ms, signal),
      onOutcome: (outcome) => this.metrics.priceListLooked(outcome),
      update: updatePrices,
    });
  }

  #openBook(): PriceBook {
    this.metrics.priceList(this.#list);
    return createPriceBook({ overrides: this.#overrides, list: this.#list });
  }

  /** For `doctor`, which compares processors. */
  async #tell(): Promise<void> {
    const settings = countingSettings(this.#settings, { overrides: this.#overrides, list: this.#list });
    const place = `${hostname()}:${process.pid}`;
    await this.#ports.store.tellProcessor({ id: this.#id, place, seenAtMs: Date.now(), settings });
  }

  async #publish(): Promise<void> {
    if (!this.#processor.partitions.includes(CHORES_PARTITION)) return;
    while ((await publishChanges(this.#ports, this.metrics)) > 0) if (this.#stopping.signal.aborted) return;
  }

  async #prune(): Promise<void> {
    if (this.#processor.partitions.includes(CHORES_PARTITION)) await this.#retention.prune();
  }

  /** A round over all days that are over and whose minutes are kept, as long as there is nothing else to do. */
  async #packDays(): Promise<void> {
    const { store, clock } = this.#ports;
    const { signal } = this.#stopping;
    if (store.packDays === undefined || !this.#processor.partitions.includes(CHORES_PARTITION)) return;
    for (let hasMore = true; hasMore && !signal.aborted; ) {
      const before = performance.eventLoopUtilization();
      await SYSTEM_RUNTIME.sleep(PACK_PAUSE_MS, signal);
      if (performance.eventLoopUtilization(before).utilization > BUSY_MAX) return;
      const nowMs = clock.nowMs();
      const fromMs = windowStartMs(Math.max(0, nowMs - this.#settings.metricsRetentionMs) + DAY_MS, DAY_MS);
      const beforeMs = windowStartMs(Math.max(0, nowMs - PACK_AFTER_MS), DAY_MS);
      hasMore = await store.packDays({ fromMs, beforeMs, rowsMax: PACK_ROWS_MAX });
    }
  }

  /** Of this hour and the one before, in which senders still tell. */
  async #lookAtMeterRoom(): Promise<void> {
    const { store, clock } = this.#ports;
    const isOurs = this.#processor.partitions.includes(CHORES_PARTITION);
    const fromMs = Math.max(0, windowStartMs(clock.nowMs(), HOUR_MS) - HOUR_MS);
    this.metrics.meterRoom(isOurs ? await store.readMeterRoom(fromMs) : { registers: 0, lostPoints: 0 });
  }

  async #pruneBySize(): Promise<void> {
    if (this.#processor.partitions.includes(CHORES_PARTITION)) await this.#retention.pruneBySize();
  }

  /**
   * Repeats a chore until the stop. What fails is told and tried again the next time, which is later with each failure.
   */
  async #every(what: string, everyMs: number, chore: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    for (let waitMs = everyMs; !signal.aborted; ) {
      await SYSTEM_RUNTIME.sleep(waitMs, signal);
      if (signal.aborted) return;
      waitMs = everyMs;
      try {
        await chore();
        failures = 0;
      } catch (error) {
        failures++;
        waitMs = Math.max(everyMs, Math.min(everyMs * 2 ** (failures - 1), CHORE_BACKOFF_MS_MAX));
        this.metrics.retrying(what, error as Error, { attempt: failures, waitMs });
      }
    }
  }
}
