import type { LogPosition, LogSlice } from '../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic, TOPICS } from '../events/topics.ts';
import type { Commit, CommitOutcome } from '../metrics-store/commit.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import type { PriceBook } from '../prices/price-book.ts';
import { invariant } from '../tally/invariant.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { ShardCore } from './core/shard-core.ts';
import type { Effects } from './core/sums/effects.ts';
import type { ProcessorEvents } from './processor-events.ts';
import type { Recovered } from './recover.ts';
import type { Runtime } from './runtime.ts';

export interface OwnerOptions {
  readonly partition: number;
  /** The least time between two commits; it decides how fresh rows are and how much folds into one delta. */
  readonly commitIntervalMs: number;
  readonly pace: OwnerPace;
}

/** Limits that nobody has to set; simulations make them small, so that each is hit often. */
export interface OwnerPace {
  /** Without news a partition still tells this often how far it is complete. */
  readonly heartbeatMs: number;
  /** Time in a silent topic goes on in steps, since each may need a checkpoint. */
  readonly sealStepMs: number;
  /** A checkpoint is written when a replay would read more than this, or more than so many records per waiting one. */
  readonly replayRecordsMax: number;
  readonly replayPerWaiting: number;
  /**
   * Beyond either bound the reading waits for the commit in flight, so that memory stays bounded while a store is slow.
   * For what all partitions of a process hold together, since they are committed together: single calls with dead
   * letters, and records of any kind.
   */
  readonly effectCallsMax: number;
  readonly effectRecordsMax: number;
  /**
   * What is this old and not the last is a backlog. Its rows are late whenever they come, and each commit adds to the
   * same ones again, so its commits are at least so far apart.
   */
  readonly backlogAgeMs: number;
  readonly backlogCommitMs: number;
  /** Topics are read in step: requests may be ahead of the rest by this much log time, so that few calls wait. */
  readonly aheadMsMax: number;
  /**
   * The other topics may be ahead of requests by this much log time. None: a waiting request takes 40 bytes, a waiting
   * response some 500.
   */
  readonly restAheadMsMax: number;
  /**
   * How often to look whether the topics have grown. Writers learn of it within seconds, readers must not be much
   * later.
   */
  readonly growthCheckMs: number;
}

/**
 * `effectCallsMax`: a commit of 20,000 single calls takes Postgres one to two seconds, which only a backlog brings
 * about. With 4,000, a backlog's request and response were often in two commits, so that the call was written twice and
 * the rows three times as often: 8.4 instead of 6.3 CPU s of database a million records.
 */
export const OWNER_PACE: OwnerPace = {
  heartbeatMs: 1000,
  sealStepMs: 1000,
  replayRecordsMax: 20_000,
  replayPerWaiting: 4,
  effectCallsMax: 20_000,
  effectRecordsMax: 200_000,
  backlogAgeMs: 5000,
  backlogCommitMs: 1000,
  aheadMsMax: 2000,
  restAheadMsMax: 0,
  growthCheckMs: 3000,
};

export interface OwnerPorts {
  readonly store: MetricsStore;
  readonly runtime: Runtime;
  readonly events: ProcessorEvents;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/**
 * Owns one shard as long as the group and the store agree: folds what is read, and cuts it into the commits that
 * `GroupCommitter` makes of several owners.
 */
export class ShardOwner {
  readonly core: ShardCore;
  /**
   * Everything here is void: somebody else committed, or a commit was given up. In the second case its effects are
   * gone while later ones may be here, so committing those would skip records: a stop during an outage did that.
   */
  isVoid = false;

  readonly #options: OwnerOptions;
  readonly #ports: OwnerPorts;
  #seq: number;
  /** The one that was cut last, until it ends. */
  #inFlight: Commit | null = null;
  /** Of the commit that was cut last. */
  #corrections: Effects['corrections'] = new Map();
  #lastCommitMs: number;
  #committedThroughMs: number;
  #foldedSinceCommit = 0;
  #foldedSinceCheckpoint = Number.POSITIVE_INFINITY;
  /** By partition and topic, as `laneKey` has it. */
  readonly #isAtEnd = new Map<string, boolean>();
  readonly #sealedMs = new Map<string, number>();

  constructor({ core, seq, completeThroughMs }: Recovered, options: OwnerOptions, ports: OwnerPorts) {
    this.core = core;
    this.#seq = seq;
    this.#committedThroughMs = completeThroughMs;
    this.#options = options;
    this.#ports = ports;
    this.#lastCommitMs = ports.runtime.nowMs() - options.commitIntervalMs;
  }

  /**
   * What to read next: every lane of every topic, but for one that is far ahead of another which still has records. At
   * first nobody knows what the topics have: the requests alone are asked for.
   */
  wanted(): LogPosition[] {
    return this.#lanes()
      .filter(({ topic, lane }) => !this.#isFarAhead(topic, lane))
      .map(({ topic, lane }) => ({
        topic,
        partition: this.core.partitionOf(lane),
        offset: this.core.position(topic, lane),
      }));
  }

  fold(slice: LogSlice, prices: PriceBook): void {
    const { topic, partition, records, nextOffset, endOffset, sealedThroughMs } = slice;
    const lane = this.core.laneOf(partition);
    const key = laneKey(topic, lane);
    const count = this.core.fold(topic, records, prices, lane);
    this.core.skipTo(topic, nextOffset, lane);
    this.#foldedSinceCommit += count;
    this.#isAtEnd.set(key, nextOffset >= endOffset);
    if (sealedThroughMs !== null && sealedThroughMs >= (this.#sealedMs.get(key) ?? 0) + this.#options.pace.sealStepMs) {
      this.core.seal(topic, sealedThroughMs, lane);
      this.#sealedMs.set(key, sealedThroughMs);
    }
    this.#ports.events.folded(this.#options.partition, topic, {
      logPartition: partition,
      records: count,
      lag: endOffset - nextOffset,
    });
  }

  /** The number of the shard, which is that of its first partition. */
  get shard(): number {
    return this.#options.partition;
  }

  /** How long the next commit can wait; 0 when it is due. */
  commitDueInMs(): number {
    const { pace } = this.#options;
    const sinceMs = this.#ports.runtime.nowMs() - this.#lastCommitMs;
    // The machine's clock was set back: nobody knows how long ago the last commit was, and rows must stay fresh.
    if (sinceMs < 0) return 0;
    if (!this.core.effects.isEmpty) return Math.max(0, this.commitIntervalMs - sinceMs);
    if (this.core.completeThroughMs > this.#committedThroughMs) return Math.max(0, pace.heartbeatMs - sinceMs);
    return pace.heartbeatMs;
  }

  /** The least time between two commits now. */
  get commitIntervalMs(): number {
    const { commitIntervalMs, pace } = this.#options;
    return this.#isBehind ? Math.max(commitIntervalMs, pace.backlogCommitMs) : commitIntervalMs;
  }

  /** Whether it has something to commit when others do. */
  get hasNews(): boolean {
    return !this.core.effects.isEmpty || this.commitDueInMs() === 0;
  }

  /** What the next commit will hold so far, as `OwnerPace` bounds it. */
  get gathered(): { readonly calls: number; readonly records: number; readonly letterBytes: number } {
    const { rowCount, deadLetters, letterBytes } = this.core.effects;
    return { calls: rowCount + deadLetters.length, records: this.#foldedSinceCommit, letterBytes };
  }

  /** Everything up to now becomes one commit; what is folded later belongs to the next. There is none in flight. */
  cut(): Commit {
    invariant(this.#inFlight === null, 'a partition has one commit in flight at a time');
    const { runtime } = this.#ports;
    this.#foldedSinceCheckpoint += this.#foldedSinceCommit;
    this.#foldedSinceCommit = 0;
    const { replayRecordsMax, replayPerWaiting } = this.#options.pace;
    const replayMax = Math.max(replayRecordsMax, replayPerWaiting * this.core.waitingCount);
    const needsCheckpoint = this.core.needsCheckpoint || this.#foldedSinceCheckpoint >= replayMax;
    if (needsCheckpoint) this.#foldedSinceCheckpoint = 0;
    this.#lastCommitMs = runtime.nowMs();
    const effects = this.core.takeEffects();
    this.#corrections = effects.corrections;
    this.#inFlight = {
      partition: this.#options.partition,
      expectedSeq: this.#seq,
      token: runtime.newToken(),
      positions: this.core.positions,
      // A restart may have forgotten how far the log had called itself silent, the store has not.
      completeThroughMs: Math.max(this.core.completeThroughMs, this.#committedThroughMs),
      committedAtMs: this.#lastCommitMs,
      checkpoint: needsCheckpoint ? this.core.checkpoint() : null,
      ...effects.toCommit(),
    };
    return this.#inFlight;
  }

  /** Nobody knows what becomes of the commit that was cut last. */
  commitGivenUp(): void {
    this.#inFlight = null;
    this.isVoid = true;
  }

  /** The commit that was cut last is applied or fenced. */
  commitEnded(outcome: CommitOutcome): void {
    const { events } = this.#ports;
    const { partition } = this.#options;
    const commit = this.#inFlight;
    invariant(commit !== null, 'what ends was cut before');
    this.#inFlight = null;
    if (outcome === 'fenced') {
      this.isVoid = true;
      events.fenced(partition);
      return;
    }
    this.#seq++;
    this.#committedThroughMs = commit.completeThroughMs;
    events.committed(partition, {
      calls: commit.calls.length,
      deadLetters: commit.deadLetters.length,
      waiting: this.core.waitingCount,
      completeThroughMs: commit.completeThroughMs,
      checkpointBytes: commit.checkpoint?.length ?? 0,
      audits: commit.audits,
      corrections: this.#corrections,
    });
  }

  get #isBehind(): boolean {
    const freshMs = this.#ports.runtime.nowMs() - this.#options.pace.backlogAgeMs;
    return this.#lanes().some(
      ({ topic, lane }) => this.#hasMore(topic, lane) && this.core.join.times.laneReadMs(topic, lane) < freshMs,
    );
  }

  /** As far as it was seen. */
  #hasMore(topic: InputTopic, lane: number): boolean {
    return this.#isAtEnd.get(laneKey(topic, lane)) === false;
  }

  #isFarAhead(topic: InputTopic, lane: number): boolean {
    const { times } = this.core.join;
    const readMs = times.laneReadMs(topic, lane);
    const leastMs = (lanes: readonly Lane[]) =>
      Math.min(...lanes.map((each) => times.laneReadMs(each.topic, each.lane)));
    const lanes = this.#lanes();
    const unread = lanes.filter(
      (each) => this.#hasMore(each.topic, each.lane) && (topic === TOPICS.requests || each.topic === topic),
    );
    if (readMs > leastMs(unread) + this.#options.pace.aheadMsMax) return true;
    if (topic === TOPICS.requests) return false;
    const requests = lanes.filter((each) => each.topic === TOPICS.requests);
    const mayHaveMore = requests.filter((each) => this.#isAtEnd.get(laneKey(each.topic, each.lane)) !== true);
    return readMs >= leastMs(mayHaveMore) + this.#options.pace.restAheadMsMax;
  }

  #lanes(): Lane[] {
    const lanes = Array.from({ length: this.core.laneCount }, (_, lane) => lane);
    return lanes.flatMap((lane) => INPUT_TOPICS.map((topic) => ({ topic, lane })));
  }
}

interface Lane {
  readonly topic: InputTopic;
  readonly lane: number;
}

function laneKey(topic: InputTopic, lane: number): string {
  return `${topic} ${lane}`;
}
