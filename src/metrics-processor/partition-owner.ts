import type { LogPosition, LogSlice } from '../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../events/topics.ts';
import type { Commit } from '../metrics-store/commit.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import type { PriceBook } from '../prices/price-book.ts';
import type { PartitionCore } from './core/partition-core.ts';
import type { ProcessorEvents } from './processor-events.ts';
import type { Recovered } from './recover.ts';
import { retry } from './retry.ts';
import type { Runtime } from './runtime.ts';

export interface OwnerOptions {
  readonly partition: number;
  /** The least time between two commits; it decides how fresh rows are and how much folds into one delta. */
  readonly commitIntervalMs: number;
}

export interface OwnerPorts {
  readonly store: MetricsStore;
  readonly runtime: Runtime;
  readonly events: ProcessorEvents;
}

/** Without news a partition still tells every so often how far it is complete. */
const HEARTBEAT_MS = 1000;

/** Time in a silent topic goes on in steps, since each may need a checkpoint. */
const SEAL_STEP_MS = 1000;

/** A checkpoint is written when a replay would read more than this, or more than four records per waiting one. */
const REPLAY_RECORDS_MAX = 20_000;
const REPLAY_PER_WAITING = 4;

/** Effects beyond either bound wait for the commit in flight, so that memory stays bounded while a store is slow. */
const EFFECT_CALLS_MAX = 20_000;
const EFFECT_RECORDS_MAX = 200_000;

/** Topics are read in step: one may be ahead of the other by this much log time, so that few calls wait. */
const AHEAD_MS_MAX = 2000;

/**
 * Owns one partition as long as the group and the store agree: folds what is read and commits it.
 *
 * One commit is in flight at a time. What is folded meanwhile gathers for the next, so under load commits grow larger
 * and not more frequent.
 */
export class PartitionOwner {
  readonly core: PartitionCore;
  /** Set when somebody else committed: everything here is void. */
  isFenced = false;

  readonly #options: OwnerOptions;
  readonly #ports: OwnerPorts;
  #seq: number;
  #inFlight: Promise<void> | null = null;
  #lastCommitMs: number;
  #committedThroughMs = 0;
  #foldedSinceCommit = 0;
  #foldedSinceCheckpoint = Number.POSITIVE_INFINITY;
  readonly #isAtEnd = new Map<InputTopic, boolean>();
  readonly #sealedMs = new Map<InputTopic, number>();

  constructor({ core, seq }: Recovered, options: OwnerOptions, ports: OwnerPorts) {
    this.core = core;
    this.#seq = seq;
    this.#options = options;
    this.#ports = ports;
    this.#lastCommitMs = ports.runtime.nowMs() - options.commitIntervalMs;
  }

  /** What to read next: every topic but one that is far ahead of another which still has records. */
  wanted(): LogPosition[] {
    const { partition } = this.#options;
    return INPUT_TOPICS.filter((topic) => !this.#isFarAhead(topic)).map((topic) => ({
      topic,
      partition,
      offset: this.core.positions[topic],
    }));
  }

  fold(slice: LogSlice, prices: PriceBook): void {
    const { topic, records, nextOffset, endOffset, sealedThroughMs } = slice;
    this.core.fold(topic, records, prices);
    this.core.skipTo(topic, nextOffset);
    this.#foldedSinceCommit += records.length;
    this.#isAtEnd.set(topic, nextOffset >= endOffset);
    if (sealedThroughMs !== null && sealedThroughMs >= (this.#sealedMs.get(topic) ?? 0) + SEAL_STEP_MS) {
      this.core.seal(topic, sealedThroughMs);
      this.#sealedMs.set(topic, sealedThroughMs);
    }
    this.#ports.events.folded(this.#options.partition, topic, {
      records: records.length,
      lag: endOffset - nextOffset,
    });
  }

  /** How long the next commit can wait; 0 when it is due. */
  commitDueInMs(): number {
    if (this.#inFlight !== null) return this.#options.commitIntervalMs;
    const sinceMs = this.#ports.runtime.nowMs() - this.#lastCommitMs;
    if (!this.core.effects.isEmpty) return Math.max(0, this.#options.commitIntervalMs - sinceMs);
    if (this.core.completeThroughMs > this.#committedThroughMs) return Math.max(0, HEARTBEAT_MS - sinceMs);
    return HEARTBEAT_MS;
  }

  get isFull(): boolean {
    return this.core.effects.callCount >= EFFECT_CALLS_MAX || this.#foldedSinceCommit >= EFFECT_RECORDS_MAX;
  }

  get hasCommitInFlight(): boolean {
    return this.#inFlight !== null;
  }

  /** Resolves when no commit is in flight. */
  async settled(): Promise<void> {
    await this.#inFlight?.catch(() => undefined);
  }

  /** Starts a commit unless one is in flight. @returns the one in flight; rejects when the store refuses for good */
  commit(signal: AbortSignal): Promise<void> {
    this.#inFlight ??= this.#commit(signal).finally(() => {
      this.#inFlight = null;
    });
    return this.#inFlight;
  }

  /** Commits all that was folded, for a partition that is given away or a process that stops. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.settled();
    if (!this.isFenced && !this.core.effects.isEmpty) await this.commit(signal);
  }

  async #commit(signal: AbortSignal): Promise<void> {
    const { store, runtime, events } = this.#ports;
    const { partition } = this.#options;
    const commit = this.#cut();
    const startedMs = runtime.nowMs();
    const outcome = await retry(() => store.commit(commit), {
      runtime,
      signal,
      onRetry: (error, fact) => events.retrying(`commit of partition ${partition}`, error, fact),
    });
    if (outcome === 'fenced') {
      this.isFenced = true;
      events.fenced(partition);
      return;
    }
    this.#seq++;
    this.#committedThroughMs = commit.completeThroughMs;
    events.committed(partition, {
      tookMs: runtime.nowMs() - startedMs,
      rows: commit.tallies.length,
      calls: commit.calls.length,
      deadLetters: commit.deadLetters.length,
      waiting: this.core.waitingCount,
      completeThroughMs: commit.completeThroughMs,
      checkpointBytes: commit.checkpoint?.length ?? 0,
    });
  }

  /** Everything up to now becomes one commit; what is folded later belongs to the next. */
  #cut(): Commit {
    const { runtime } = this.#ports;
    this.#foldedSinceCheckpoint += this.#foldedSinceCommit;
    this.#foldedSinceCommit = 0;
    const needsCheckpoint =
      this.core.needsCheckpoint ||
      this.#foldedSinceCheckpoint >= Math.max(REPLAY_RECORDS_MAX, REPLAY_PER_WAITING * this.core.waitingCount);
    if (needsCheckpoint) this.#foldedSinceCheckpoint = 0;
    this.#lastCommitMs = runtime.nowMs();
    return {
      partition: this.#options.partition,
      expectedSeq: this.#seq,
      token: runtime.newToken(),
      positions: { ...this.core.positions },
      completeThroughMs: this.core.completeThroughMs,
      committedAtMs: this.#lastCommitMs,
      checkpoint: needsCheckpoint ? this.core.checkpoint() : null,
      ...this.core.takeEffects().toCommit(),
    };
  }

  #isFarAhead(topic: InputTopic): boolean {
    const other = topic === TOPICS.requests ? TOPICS.responses : TOPICS.requests;
    if (topic === TOPICS.evaluations || this.#isAtEnd.get(other) !== false) return false;
    const { timesMs } = this.core.join;
    return timesMs[topic] > timesMs[other] + AHEAD_MS_MAX;
  }
}
