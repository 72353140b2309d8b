import type { LogRecord } from '../../src/event-log/event-log.ts';
import { MemoryBroker } from '../../src/event-log/memory/memory-broker.ts';
import type { Topic } from '../../src/events/topics.ts';
import { type Commit, type CommitOutcome, NO_EFFECTS, type Progress } from '../../src/metrics-store/commit.ts';
import { MemoryMetricsStore } from '../../src/metrics-store/memory/memory-metrics-store.ts';
import { CommitMonitor } from './commit-monitor.ts';
import { isMarker } from './marker.ts';
import { INPUTS, type PartitionLog, type PlacedRecord } from './oracle/batch-oracle.ts';
import { type Reading, readingsOf } from './oracle/readings.ts';
import type { Growth, Plan } from './plan.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';

/** How long records may lie in a new partition before a processor knows of it; it waits so much longer for them. */
export const GROWTH_SLACK_MS = 8000;

/** What all processes share: time, chance, the broker, the store, and what is broken now. */
export class World {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly chance: Random;
  readonly broker: MemoryBroker;
  readonly store: MemoryMetricsStore;
  readonly monitor: CommitMonitor;
  /** The broker's clock beyond virtual time, now and at most so far. */
  brokerOffsetMs = 0;
  brokerOffsetMsMax = 0;
  isLogDown = false;
  isStoreDown = false;
  /** False once the schedule has ended: then nothing fails any more. */
  isChaotic = true;
  /** One line per effect; kept only where somebody wants to read it. */
  readonly lines: string[] | null;

  #lastCommit: Promise<unknown> = Promise.resolve();
  #isToGrow = false;
  #isRead = false;
  #grownAtMs: number | null = null;
  #traceHash = 0;
  #tokens = 0;
  readonly #placedRecords = new WeakMap<LogRecord, PlacedRecord>();

  constructor(plan: Plan, options: { readonly keepsTrace: boolean }) {
    this.plan = plan;
    this.store = new MemoryMetricsStore({ dimensionValuesMax: plan.dimensionValuesMax });
    this.lines = options.keepsTrace ? [] : null;
    this.scheduler = new Scheduler(new Random(plan.seed, 2));
    this.chance = new Random(plan.seed, 3);
    this.broker = new MemoryBroker({
      partitionCount: plan.partitionCount,
      nowMs: () => this.brokerNowMs(),
      wait: (ms, signal) => this.scheduler.sleep(ms, signal),
    });
    this.monitor = new CommitMonitor(this);
  }

  brokerNowMs(): number {
    const { epochMs, clockGrainMs } = this.plan;
    const nowMs = epochMs + this.scheduler.nowMs + this.brokerOffsetMs;
    return nowMs - (nowMs % clockGrainMs);
  }

  /**
   * The topics get more partitions; who writes and who reads finds out by and by. Not before a first processor was
   * there, since nobody could know then of a key in which partition it began (`docs/operations.md`).
   */
  growOnceRead(): void {
    this.#isToGrow = true;
    this.#growIfRead();
  }

  /** A processor joins the group: it knows by now how the ids are divided. */
  processorJoins(): void {
    this.#isRead = true;
    this.#growIfRead();
  }

  #growIfRead(): void {
    const { growth } = this.plan;
    if (growth !== null && this.#isToGrow && this.#isRead && this.#grownAtMs === null) this.#grow(growth);
  }

  #grow({ partitionCount }: Growth): void {
    this.trace(`the topics grow to ${partitionCount} partitions`);
    this.#grownAtMs = this.scheduler.nowMs;
    void this.broker.grow(partitionCount);
  }

  /** Whether a record was written when not every processor could know of its partition yet. */
  isUnheardOf({ loggedAtMs }: LogRecord): boolean {
    if (this.#grownAtMs === null) return false;
    return loggedAtMs <= this.plan.epochMs + this.#grownAtMs + GROWTH_SLACK_MS;
  }

  /** Into how many partitions somebody writes who hears of a growth `lagMs` later. */
  partitionCountAfter(lagMs: number): number {
    const hasHeard = this.#grownAtMs !== null && this.scheduler.nowMs >= this.#grownAtMs + lagMs;
    return hasHeard ? this.broker.partitionCount : this.plan.partitionCount;
  }

  jumpBrokerClock(ms: number): void {
    this.brokerOffsetMs += ms;
    this.brokerOffsetMsMax = Math.max(this.brokerOffsetMsMax, this.brokerOffsetMs);
    this.trace(`the broker's clock jumps by ${ms}`);
  }

  isFaulty(): boolean {
    return this.isChaotic && this.chance.chance(this.plan.faultRate);
  }

  latencyMs(): number {
    return this.isChaotic ? this.chance.int(0, this.plan.latencyMsMax) : 0;
  }

  newToken(owner: string): string {
    return `${owner}-${this.#tokens++}`;
  }

  /** The moment when a group of commits reaches the store: one after another, each checked before the next. */
  applyCommits(by: string, commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    return this.#oneByOne(() => this.#applyCommits(by, commits));
  }

  /**
   * Another processor takes a partition over, commits that it found nothing new, and is gone. What it knew was all
   * there, so nothing changes but that whoever owned the partition before is fenced, sooner or later.
   */
  takeOver(partition: number): Promise<void> {
    return this.#oneByOne(async () => {
      const stored = await this.store.loadProgress(partition);
      if (stored === null) return;
      const { seq, positions, completeThroughMs, committedAtMs } = stored;
      const place = { partition, positions, completeThroughMs, committedAtMs, checkpoint: null };
      const token = this.newToken('rival');
      await this.#applyCommits('rival', [{ ...place, ...NO_EFFECTS, expectedSeq: seq, token }]);
    });
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastCommit.then(work);
    this.#lastCommit = done;
    return done;
  }

  async #applyCommits(by: string, commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const before = await this.store.readProgress();
    const outcomes = await this.store.commit(commits);
    for (const [index, { partition, expectedSeq, positions }] of commits.entries()) {
      this.trace(`${by} commit p${partition} #${expectedSeq} ${outcomes[index]} ${JSON.stringify(positions)}`);
    }
    await this.monitor.committed(commits, before, outcomes);
    return outcomes;
  }

  /**
   * The log as it is now, or only its records before the positions that are committed. Partitions whose calls belong
   * together are one, in order of log time.
   */
  logContents(endOf: (topic: Topic, partition: number) => number = () => Number.POSITIVE_INFINITY): PartitionLog[] {
    return Array.from({ length: this.plan.partitionCount }, (_, shard) => {
      const contents: Partial<Record<string, readonly PlacedRecord[]>> = {};
      for (const topic of INPUTS) {
        const lanes = this.partitionsOf(shard).map((partition) => {
          const records = this.broker.records(topic, partition).slice(0, endOf(topic, partition));
          return records.filter((record) => !isMarker(record)).map((record) => this.#placed(record, partition));
        });
        contents[topic] = lanes.length === 1 ? lanes[0] : lanes.flat().sort((a, b) => a.loggedAtMs - b.loggedAtMs);
      }
      return contents as PartitionLog;
    });
  }

  /** The orders in which that may have been read. */
  readings(contents: readonly PartitionLog[] = this.logContents()): Iterable<Reading> {
    const { joinTimeoutMs } = this.plan;
    return readingsOf(contents, { joinTimeoutMs, isUnheardOf: (record) => this.isUnheardOf(record) });
  }

  /** The partitions that a key may lie in, which began as one. */
  partitionsOf(shard: number): number[] {
    const { partitionCount } = this.plan;
    const lanes = this.broker.partitionCount / partitionCount;
    return Array.from({ length: lanes }, (_, lane) => shard + lane * partitionCount);
  }

  /** What the record at `topic/partition/offset` says; repetitions of it say the same. */
  contentAt(place: string): string {
    const [topic, partition, offset] = place.split('/');
    const { key, value } = this.broker.records(topic as Topic, Number(partition))[Number(offset)] ?? {};
    return `${topic} ${Buffer.from(key ?? []).toString()} ${Buffer.from(value ?? []).toString()}`;
  }

  /** Up to which offset a partition is in the rows. That of a shard's first partition is kept under the topic alone. */
  positionIn(progress: Pick<Progress, 'positions'> | null, topic: string, partition: number): number {
    const positions: Readonly<Record<string, number>> = progress?.positions ?? {};
    return positions[partition < this.plan.partitionCount ? topic : `${topic}/${partition}`] ?? 0;
  }

  /** Always the same object for a record, since the oracle remembers what it read in it. */
  #placed(record: LogRecord, partition: number): PlacedRecord {
    let placed = this.#placedRecords.get(record);
    if (placed === undefined) this.#placedRecords.set(record, (placed = { ...record, partition }));
    return placed;
  }

  trace(line: string): void {
    const stamped = `${this.scheduler.nowMs} ${line}`;
    for (let i = 0; i < stamped.length; i++) {
      this.#traceHash = Math.imul(this.#traceHash ^ stamped.charCodeAt(i), 0x01000193);
    }
    this.lines?.push(stamped);
  }

  /** Stands for the whole trace. */
  get traceHash(): number {
    return this.#traceHash >>> 0;
  }
}
