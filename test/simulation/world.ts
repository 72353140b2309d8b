import type { LogRecord } from '../../src/event-log/event-log.ts';
import { MemoryBroker } from '../../src/event-log/memory/memory-broker.ts';
import type { Topic } from '../../src/events/topics.ts';
import { type Commit, type CommitOutcome, NO_EFFECTS } from '../../src/metrics-store/commit.ts';
import { MemoryMetricsStore } from '../../src/metrics-store/memory/memory-metrics-store.ts';
import { CommitMonitor } from './commit-monitor.ts';
import { isMarker } from './marker.ts';
import { INPUTS, type PartitionLog } from './oracle/batch-oracle.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';

/** What all processes share: time, chance, the broker, the store, and what is broken now. */
export class World {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly chance: Random;
  readonly broker: MemoryBroker;
  readonly store = new MemoryMetricsStore();
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
  #traceHash = 0;
  #tokens = 0;

  constructor(plan: Plan, options: { readonly keepsTrace: boolean }) {
    this.plan = plan;
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
   * Another processor takes a partition over, commits that it found nothing new, and is gone. What it knew was all there,
   * so nothing changes but that whoever owned the partition before is fenced, sooner or later.
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

  /** The log as it is now, or only its records before the positions that are committed. */
  logContents(endOf: (topic: Topic, partition: number) => number = () => Number.POSITIVE_INFINITY): PartitionLog[] {
    return Array.from({ length: this.plan.partitionCount }, (_, partition) => {
      const contents: Partial<Record<string, readonly LogRecord[]>> = {};
      for (const topic of INPUTS) {
        const records = this.broker.records(topic, partition).slice(0, endOf(topic, partition));
        contents[topic] = records.filter((record) => !isMarker(record));
      }
      return contents as PartitionLog;
    });
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
