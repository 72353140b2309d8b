import { randomInt } from 'node:crypto';
import type { EventLog } from '../../event-log/event-log.ts';
import { SqliteEventLog } from '../../event-log/sqlite/sqlite-event-log.ts';
import { INPUT_TOPICS, TOPICS, type Topic } from '../../events/topics.ts';
import type { Logger } from '../../http/logger.ts';
import { publishChanges } from '../../metrics-processor/outbox.ts';
import { Processor } from '../../metrics-processor/processor.ts';
import { ProcessorMetrics } from '../../metrics-processor/processor-metrics.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import { createPriceBook } from '../../prices/layered-price-book.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import type { PriceFileWatch } from '../../prices/price-file-watch.ts';
import type { Settings } from '../../settings/settings-table.ts';
import { SYSTEM_RUNTIME } from '../system-runtime.ts';

const POLL_BYTES_MAX = 4 * 1024 * 1024;
const PUBLISH_EVERY_MS = 500;
const PRUNE_EVERY_MS = 10 * 60_000;

/** How long a stop waits for a chore that is under way. */
const CHORES_MS_MAX = 1000;

/** One member does the work that is not divided by partitions: the owner of this one. */
const CHORES_PARTITION = 0;

/**
 * How much longer than the timeout to wait before a half is given up. The log times of a Kafka partition can fall back a
 * little when its leader moves, and records may lie for some seconds in a new partition before we know of it. The
 * embedded log has neither.
 */
const KAFKA_LOG_TIME_SLACK_MS = 20_000;

export interface ProcessorPorts {
  readonly log: EventLog;
  readonly store: MetricsStore;
  readonly logger: Logger;
}

/** A running processor with its chores: publishing changes, forgetting old rows, reloading prices. */
export class ProcessorRole {
  readonly metrics: ProcessorMetrics;
  /** Resolves after `stop`; rejects when the log or the store failed for good. */
  readonly done: Promise<void>;

  readonly #settings: Settings;
  readonly #ports: ProcessorPorts;
  readonly #processor: Processor;
  readonly #stopping = new AbortController();
  #prices: PriceBook = createPriceBook();

  constructor(settings: Settings, ports: ProcessorPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.metrics = new ProcessorMetrics(ports.logger);
    this.#processor = new Processor(
      {
        joinTimeoutMs: settings.joinTimeoutMs,
        dedupHorizonMs: settings.dedupHorizonMs,
        logTimeSlackMs: settings.kafkaBrokers === undefined ? 0 : KAFKA_LOG_TIME_SLACK_MS,
        pendingMax: settings.pendingMax,
        callsPerSecondMax: settings.callsPerSecondMax,
        fingerprintSeed: randomInt(2 ** 31),
        commitIntervalMs: settings.commitIntervalMs,
        pollBytesMax: POLL_BYTES_MAX,
      },
      { log: ports.log, store: ports.store, runtime: SYSTEM_RUNTIME, events: this.metrics, prices: () => this.#prices },
    );
    this.done = this.#run();
  }

  /** @throws when partitions are not recovered yet, or the log or the store cannot be used */
  async checkReady(): Promise<void> {
    if (!this.#processor.isReady) throw new Error('still reading the log back');
    await this.#ports.store.checkHealth();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#processor.stop();
    await this.done.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const watch = await this.#watchPrices();
    const chores = [
      this.#every(PUBLISH_EVERY_MS, () => this.#publish()),
      this.#every(PRUNE_EVERY_MS, () => this.#prune()),
    ];
    try {
      await this.#processor.run();
    } finally {
      this.#stopping.abort();
      watch?.stop();
      await atMost(CHORES_MS_MAX, Promise.allSettled(chores));
    }
    // What the last commits changed; what is not published now is by whoever takes the partition over.
    await atMost(CHORES_MS_MAX, this.#publish());
  }

  async #watchPrices(): Promise<PriceFileWatch | undefined> {
    const { pricesFile } = this.#settings;
    if (pricesFile === undefined) return undefined;
    // Where there is none, neither the reader of YAML nor the schema of the file is loaded.
    const { watchPriceFile } = await import('../../prices/price-file-watch.ts');
    return watchPriceFile({
      path: pricesFile,
      onPrices: (overrides) => {
        this.#prices = createPriceBook({ overrides });
        this.#ports.logger.info({ prices: overrides.length }, 'Read the price file');
      },
      onError: (error) => this.#ports.logger.error(`${error.message}; the prices before it stay`),
    });
  }

  async #publish(): Promise<void> {
    if (!this.#processor.partitions.includes(CHORES_PARTITION)) return;
    while ((await publishChanges(this.#ports, this.metrics)) > 0) if (this.#stopping.signal.aborted) return;
  }

  async #prune(): Promise<void> {
    if (!this.#processor.partitions.includes(CHORES_PARTITION)) return;
    const { metricsRetentionMs, callsRetentionMs, deadLettersRetentionMs, logRetentionMs } = this.#settings;
    const nowMs = Date.now();
    const before = (ms: number) => Math.max(0, nowMs - ms);
    await this.#ports.store.prune({
      minutesMs: before(metricsRetentionMs),
      hoursMs: before(metricsRetentionMs * 10),
      daysMs: before(metricsRetentionMs * 100),
      callsMs: before(callsRetentionMs),
      deadLettersMs: before(deadLettersRetentionMs),
    });
    const { log, store } = this.#ports;
    if (log instanceof SqliteEventLog && Number.isFinite(logRetentionMs)) {
      const progress = (await store.readProgress()).get(CHORES_PARTITION);
      const offsets = new Map<Topic, number>(INPUT_TOPICS.map((topic) => [topic, progress?.positions[topic] ?? 0]));
      for (const topic of [TOPICS.metrics, TOPICS.deadLetters]) offsets.set(topic, Number.MAX_SAFE_INTEGER);
      log.prune(before(logRetentionMs), offsets);
    }
  }

  /** Repeats a chore until the stop; what fails is told and tried again the next time. */
  async #every(ms: number, chore: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await SYSTEM_RUNTIME.sleep(ms, signal);
      if (signal.aborted) return;
      await chore().catch((error: unknown) => {
        this.metrics.retrying('publishing or pruning', error as Error, { attempt: 1, waitMs: ms });
      });
    }
  }
}

/** Waits for work that may as well be left undone. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work.catch(() => undefined), SYSTEM_RUNTIME.sleep(ms, done.signal)]);
  done.abort();
}
