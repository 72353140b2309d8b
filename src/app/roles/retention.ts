import type { EventLog } from '../../event-log/event-log.ts';
import type { LogClock } from '../../event-log/sqlite/log-clock.ts';
import { SqliteEventLog } from '../../event-log/sqlite/sqlite-event-log.ts';
import { INPUT_TOPICS, TOPICS, type Topic } from '../../events/topics.ts';
import type { Logger } from '../../http/logger.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

/** What says how long rows are kept; the log's retention is known only to a process with an embedded log. */
export type RetentionSettings = Pick<
  SettingsOf<'up' | 'metrics-processor'>,
  | 'metricsRetentionMs'
  | 'callsRetentionMs'
  | 'deadLettersRetentionMs'
  | 'joinTimeoutMs'
  | 'dedupHorizonMs'
  | 'traceHorizonMs'
> &
  Partial<Pick<SettingsOf<'up'>, 'logRetentionMs' | 'logSizeMax'>>;

export interface RetentionPorts {
  readonly log: EventLog;
  readonly store: MetricsStore;
  readonly logger: Logger;
  readonly clock: Pick<LogClock, 'nowMs' | 'jumpMs' | 'aheadMs' | 'elapsedMs'>;
}

/** The embedded log has one partition, and its owner does the chores. */
const PARTITION = 0;
/** Nobody's machine is off for so long; a clock that was set wrongly easily is so far ahead. */
const GAP_MS_MAX = 90 * 86_400_000;
/** How long nothing is deleted then: time for a person to see what is wrong. */
const GAP_PAUSE_MS = 86_400_000;

/**
 * Forgets what is older than the settings say, by a clock that was checked: while the machine's clock has jumped
 * nothing is deleted, and where it is far ahead of the last commit at the start, nothing for a day.
 */
export class Retention {
  readonly #settings: RetentionSettings;
  readonly #ports: RetentionPorts;
  #pausedUntilMs: number | null = null;

  constructor(settings: RetentionSettings, ports: RetentionPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Deletes what is too old now, in the store and in the embedded log. */
  async prune(): Promise<void> {
    if (this.#isUnsure()) return;
    const { store, logger, clock } = this.#ports;
    const { metricsRetentionMs, callsRetentionMs, deadLettersRetentionMs, logRetentionMs } = this.#settings;
    const nowMs = clock.nowMs();
    const before = (ms: number) => Math.max(0, nowMs - ms);
    const startedMs = clock.elapsedMs();
    await store.prune({
      minutesMs: before(metricsRetentionMs),
      hoursMs: before(metricsRetentionMs * 10),
      daysMs: before(metricsRetentionMs * 100),
      callsMs: before(callsRetentionMs),
      deadLettersMs: before(deadLettersRetentionMs),
    });
    // Log time, since that is what the records are stamped with.
    if (logRetentionMs !== undefined && Number.isFinite(logRetentionMs)) {
      await this.#pruneLog(nowMs + clock.aheadMs() - logRetentionMs);
    }
    logger.debug({ tookMs: Math.round(clock.elapsedMs() - startedMs) }, 'Deleted what retention no longer keeps');
  }

  /**
   * Deletes the oldest records of an embedded log that is larger than `LOG_SIZE_MAX`. What the processor has not read,
   * or would read back after a restart, stays: so the log can be larger by as much as arrives within twice
   * `JOIN_TIMEOUT`, `DEDUP_HORIZON` and `TRACE_HORIZON`, and events are never refused for it.
   */
  async pruneBySize(): Promise<void> {
    const { log, logger, clock } = this.#ports;
    const { logSizeMax, joinTimeoutMs, dedupHorizonMs, traceHorizonMs } = this.#settings;
    if (!(log instanceof SqliteEventLog) || logSizeMax === undefined || !Number.isFinite(logSizeMax)) return;
    const beforeMs = log.stampBeyond(logSizeMax);
    if (beforeMs === null) return;
    const neededMs = clock.nowMs() + clock.aheadMs() - 2 * (joinTimeoutMs + dedupHorizonMs + traceHorizonMs);
    await this.#pruneLog(Math.min(beforeMs, neededMs));
    logger.debug({ sizeMax: logSizeMax }, 'Deleted the oldest records of the log, which has reached LOG_SIZE_MAX');
  }

  async #pruneLog(beforeMs: number): Promise<void> {
    const { log, store } = this.#ports;
    if (!(log instanceof SqliteEventLog)) return;
    const progress = (await store.readProgress()).get(PARTITION);
    const offsets = new Map<Topic, number>(INPUT_TOPICS.map((topic) => [topic, progress?.positions[topic] ?? 0]));
    for (const topic of [TOPICS.metrics, TOPICS.deadLetters]) offsets.set(topic, Number.MAX_SAFE_INTEGER);
    log.prune(Math.max(0, beforeMs), offsets);
  }

  /** To be called before the first commit of this process. */
  async lookBack(): Promise<void> {
    const { store, logger, clock } = this.#ports;
    const commits = [...(await store.readProgress()).values()].map(({ committedAtMs }) => committedAtMs);
    const gapMs = commits.length === 0 ? 0 : clock.nowMs() - Math.max(...commits);
    if (gapMs <= GAP_MS_MAX) return;
    this.#pausedUntilMs = clock.elapsedMs() + GAP_PAUSE_MS;
    const days = Math.round(gapMs / 86_400_000);
    logger.warn(
      `The last commit was ${days} days ago by this machine's clock. If the clock is wrong, set it right; nothing is deleted for a day`,
    );
  }

  #isUnsure(): boolean {
    const { clock } = this.#ports;
    if (this.#pausedUntilMs !== null && clock.elapsedMs() < this.#pausedUntilMs) return true;
    return clock.jumpMs() !== 0;
  }
}
