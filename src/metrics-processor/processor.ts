import pLimit from 'p-limit';
import type { EventLog, GroupMember } from '../event-log/event-log.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import type { Roster } from '../metrics-store/roster.ts';
import type { PriceBook } from '../prices/price-book.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { CoreOptions } from './core/shard-core.ts';
import { FellowWatch } from './fellow-watch.ts';
import { GroupCommitter } from './group-committer.ts';
import type { ProcessorEvents } from './processor-events.ts';
import { recover } from './recover.ts';
import { retry } from './retry.ts';
import type { Runtime } from './runtime.ts';
import { OWNER_PACE, type OwnerPace, ShardOwner } from './shard-owner.ts';
import { agreeOnShards, laneCountOf, type Shards } from './shards.ts';

export interface ProcessorOptions extends Omit<CoreOptions, 'partition' | 'shardCount'> {
  /** How many bytes may wait in the whole process, even if it owns every partition. */
  readonly pendingBytesMax: number;
  readonly commitIntervalMs: number;
  /** About how much one poll may bring. */
  readonly pollBytesMax: number;
  /** `OWNER_PACE` unless given. */
  readonly pace?: OwnerPace;
}

export interface ProcessorPorts {
  readonly log: EventLog;
  readonly store: MetricsStore;
  /** Absent where this is the only processor, or nobody else can be seen. */
  readonly roster?: Roster | undefined;
  readonly runtime: Runtime;
  readonly events: ProcessorEvents;
  /** Asked for every batch, so that a reloaded price file counts from then on. */
  readonly prices: () => PriceBook;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

const POLL_WAIT_MS_MAX = 250;

/** Dead letters of one commit: a sender can make them as large as events may be. */
const EFFECT_LETTER_BYTES_MAX = 16 * 1024 * 1024;

/** Without a partition: how soon to look again. */
const IDLE_PAUSE_MS = 20;

/** How long a partition that is taken away may take to commit the rest. */
const REVOKE_MS_MAX = 5000;

/**
 * Partitions that are read back at once. More are no faster, as one thread folds them, and each holds its page of the
 * log.
 */
const RECOVERIES_MAX = 3;

/** A process has 10 s to stop: so long for the last commits, and so long for the group to hear of it. */
const LAST_COMMITS_MS_MAX = 3000;
const LEAVE_MS_MAX = 2000;

/**
 * One member of the processors' group. The loop has four steps, and nothing of a partition is kept but its owner:
 *
 *     recover what was assigned → poll → fold → commit what is due
 */
export class Processor {
  readonly #ports: ProcessorPorts;
  readonly #options: ProcessorOptions;
  readonly #committer: GroupCommitter;
  readonly #assigned = new Set<number>();
  readonly #owners = new Map<number, ShardOwner>();
  readonly #stopping = new AbortController();
  readonly #stopped = Promise.withResolvers<undefined>();
  readonly #recovering = new Map<number, Promise<void>>();
  readonly #recoveryTurn = pLimit(RECOVERIES_MAX);
  #hasRecovered = false;
  #shards: Shards = { shardCount: 1, laneCount: 1 };
  #growthCheckedMs = 0;
  #failure: Error | null = null;
  #growthFailures = 0;
  /** What is tried again now, and why. */
  readonly #failing = new Map<string, Error>();

  constructor(options: ProcessorOptions, ports: ProcessorPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#committer = new GroupCommitter(ports);
  }

  /** The partitions that are recovered and read. */
  get partitions(): readonly number[] {
    return [...this.#owners.keys()];
  }

  get waitingCount(): number {
    return [...this.#owners.values()].reduce((sum, owner) => sum + owner.core.waitingCount, 0);
  }

  /**
   * True when every partition that was assigned first is recovered. Those that come later, or come again, change
   * nothing about it: neither a restart nor another processor would have them sooner.
   */
  get isReady(): boolean {
    return this.#hasRecovered || this.#isRecovered;
  }

  get #isRecovered(): boolean {
    return [...this.#assigned].every((partition) => this.#owners.has(partition));
  }

  /** @throws the failure of an attempt on log or store that is being tried again now */
  checkReading(): void {
    for (const [what, error] of this.#failing) throw new Error(`${what} fails: ${error.message}`, { cause: error });
  }

  /**
   * Works until `stop`, then commits and leaves. A stop waits for no answer of the log: one that is away takes longer
   * to be known so than all of a stop may take.
   *
   * @throws when the log or the store fails for good
   */
  async run(): Promise<void> {
    const member = await this.#untilStopped(this.#begin());
    if (member !== undefined) await this.#workAs(member);
    if (this.#failure !== null) throw this.#failure;
  }

  async #begin(): Promise<GroupMember> {
    this.#shards = await this.#retry('counting partitions', () => agreeOnShards(this.#ports, this.#options));
    this.#growthCheckedMs = this.#ports.runtime.nowMs();
    const member = await this.#retry('joining the group', () => this.#join());
    // Nobody has waited for it.
    if (this.#stopping.signal.aborted) await member.leave();
    return member;
  }

  async #workAs(member: GroupMember): Promise<void> {
    const watching = this.#watchFellows(member);
    try {
      await this.#untilStopped(this.#turns(member));
      if (this.#failure === null) await this.#finishAll([...this.#owners.values()], LAST_COMMITS_MS_MAX);
    } finally {
      // A rebalance may be under way and take its time, and so may a group that is being told who ended; a member
      // that says nothing more is given up all the same.
      const heard = new AbortController();
      const left = Promise.all([member.leave(), watching]).catch(() => undefined);
      await Promise.race([left, this.#ports.runtime.sleep(LEAVE_MS_MAX, heard.signal)]);
      heard.abort();
    }
  }

  /** Undefined where the stop comes first; what was being tried then is left, since the log still has it. */
  async #untilStopped<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await Promise.race([work, this.#stopped.promise]);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
      return undefined;
    }
  }

  /** Asks `run` to end. */
  stop(): void {
    this.#stopping.abort();
    this.#stopped.resolve(undefined);
  }

  async #turns(member: GroupMember): Promise<void> {
    while (!this.#stopping.signal.aborted) await this.#turn(member);
  }

  #join(): Promise<GroupMember> {
    return this.#ports.log.joinGroup({
      // The owner of a shard's first partition owns the shard; partitions that came later bring nothing of their own.
      onAssigned: (partitions) => {
        for (const partition of partitions) if (partition < this.#shards.shardCount) this.#assigned.add(partition);
      },
      onRevoked: async (partitions) => {
        const owners = partitions.flatMap((partition) => this.#owners.get(partition) ?? []);
        for (const partition of partitions) this.#drop(partition);
        await this.#finishAll(owners, REVOKE_MS_MAX);
        // After the last commit, which tells how far they are.
        for (const partition of partitions) this.#ports.events.revoked(partition);
      },
      onLost: (cause) => this.#fail(cause),
    });
  }

  /** Ends when this processor stops. */
  async #watchFellows({ named }: GroupMember): Promise<void> {
    const { roster, runtime, events } = this.#ports;
    if (named === undefined || roster === undefined) return;
    await new FellowWatch(named, { roster, runtime, events }).run(this.#stopping.signal);
  }

  async #turn(member: GroupMember): Promise<void> {
    this.#dropVoid();
    await this.#noticeGrowth();
    this.#startRecoveries();
    const owners = [...this.#owners.values()];
    if (owners.length === 0) {
      await this.#ports.runtime.sleep(IDLE_PAUSE_MS, this.#stopping.signal);
      return;
    }
    await this.#poll(owners, Math.min(POLL_WAIT_MS_MAX, this.#commitDueInMs()));
    // The last commits are made without it.
    if (this.#stopping.signal.aborted) return;
    this.#commitDue(member);
    // A store that is slower than the log holds the reading up here.
    if (this.#isFull) await this.#committer.settled();
  }

  async #poll(owners: readonly ShardOwner[], waitMs: number): Promise<void> {
    const wanted = owners.flatMap((owner) => owner.wanted());
    const limits = { bytesMax: this.#options.pollBytesMax, waitMs };
    const slices = await this.#retry('reading the log', () => this.#ports.log.poll(wanted, limits));
    if (this.#stopping.signal.aborted) return;
    const prices = this.#ports.prices();
    // A partition taken away while the poll was under way has no owner any more. It cannot have another one already,
    // since recoveries begin between polls: so a slice always goes on where its owner stands.
    for (const slice of slices) {
      const shard = slice.partition % this.#shards.shardCount;
      const owner = this.#owners.get(shard);
      if (owner === undefined) continue;
      if (this.#ports.tracing === undefined) owner.fold(slice, prices);
      else this.#ports.tracing.fold(shard, slice, (read) => owner.fold(read, prices));
    }
  }

  /** The topics may grow while we read: then each shard has more lanes. */
  async #noticeGrowth(): Promise<void> {
    const { log, runtime, events } = this.#ports;
    const { growthCheckMs } = this.#options.pace ?? OWNER_PACE;
    const sinceMs = runtime.nowMs() - this.#growthCheckedMs;
    if (sinceMs >= 0 && sinceMs < growthCheckMs) return;
    this.#growthCheckedMs = runtime.nowMs();
    let partitionCount: number;
    try {
      partitionCount = await log.partitionCount();
      this.#growthFailures = 0;
    } catch (error) {
      // The topics grow one after the other, and a broker may be away: there is a next time.
      events.retrying('counting partitions', error as Error, {
        attempt: ++this.#growthFailures,
        waitMs: growthCheckMs,
      });
      return;
    }
    const { shardCount } = this.#shards;
    const laneCount = laneCountOf(partitionCount, shardCount);
    if (laneCount <= this.#shards.laneCount) return;
    this.#shards = { shardCount, laneCount };
    for (const { core } of this.#owners.values()) while (core.laneCount < laneCount) core.addLane();
  }

  #commitDue(member: GroupMember): void {
    if (this.#committer.isBusy || (this.#commitDueInMs() > 0 && !this.#isFull)) return;
    const owners = [...this.#owners.values()].filter((owner) => owner.hasNews);
    const positions = owners.flatMap((owner) => owner.wanted());
    this.#committer.commit(owners, this.#stopping.signal).then(
      () => void member.reportProgress(positions).catch(() => undefined),
      (error: unknown) => this.#fail(error as Error),
    );
  }

  /**
   * When the first partition has to be committed, and with it what the others hold. One that had nothing when the
   * others were committed does not bring the next commit forward: in a backlog, where a poll brings records of a few
   * partitions only, that would be a commit a poll. The longer interval of a backlog holds while all that there is to
   * commit is one.
   */
  #commitDueInMs(): number {
    const { isBusy, sinceMs } = this.#committer;
    if (isBusy) return this.#options.commitIntervalMs;
    const owners = [...this.#owners.values()];
    const dueInMs = Math.min(...owners.map((owner) => owner.commitDueInMs()));
    const withNews = owners.filter((owner) => owner.hasNews);
    if (sinceMs < 0 || withNews.length === 0) return dueInMs;
    return Math.max(dueInMs, Math.min(...withNews.map((owner) => owner.commitIntervalMs)) - sinceMs);
  }

  get #isFull(): boolean {
    const { effectCallsMax, effectRecordsMax } = this.#options.pace ?? OWNER_PACE;
    const gathered = Array.from(this.#owners.values(), (owner) => owner.gathered);
    const calls = gathered.reduce((sum, each) => sum + each.calls, 0);
    const records = gathered.reduce((sum, each) => sum + each.records, 0);
    const letterBytes = gathered.reduce((sum, each) => sum + each.letterBytes, 0);
    return calls >= effectCallsMax || records >= effectRecordsMax || letterBytes >= EFFECT_LETTER_BYTES_MAX;
  }

  /** Somebody else committed for the partition. If it is still ours by the group's word, we begin again from there. */
  #dropVoid(): void {
    for (const [partition, owner] of this.#owners) if (owner.isVoid) this.#owners.delete(partition);
  }

  #startRecoveries(): void {
    for (const partition of this.#assigned) {
      if (this.#owners.has(partition) || this.#recovering.has(partition)) continue;
      const recovering = this.#recoveryTurn(() => this.#recover(partition))
        .catch((error: unknown) => this.#fail(error as Error))
        .finally(() => this.#recovering.delete(partition));
      this.#recovering.set(partition, recovering);
    }
  }

  /** In the background, so that the partitions that stayed go on meanwhile. */
  async #recover(partition: number): Promise<void> {
    const { runtime, events } = this.#ports;
    // It may have been taken away while others were recovered.
    if (!this.#assigned.has(partition)) return;
    const startedMs = runtime.nowMs();
    const pendingBytesMax = this.#options.pendingBytesMax / this.#shards.shardCount;
    const recovered = await this.#retry(`recovering partition ${partition}`, () =>
      recover(this.#ports, { ...this.#options, ...this.#shards, pendingBytesMax, partition }),
    );
    // It may have been taken away while the log was read back.
    if (!this.#assigned.has(partition)) return;
    events.recovered(partition, { recordsRead: recovered.recordsRead, tookMs: runtime.nowMs() - startedMs });
    const { commitIntervalMs, pace = OWNER_PACE } = this.#options;
    while (recovered.core.laneCount < this.#shards.laneCount) recovered.core.addLane();
    const options = { partition, commitIntervalMs, pace };
    this.#owners.set(partition, new ShardOwner(recovered, options, this.#ports));
    this.#hasRecovered ||= this.#isRecovered;
  }

  #fail(error: Error): void {
    if (this.#stopping.signal.aborted) return;
    this.#failure = error;
    this.stop();
  }

  #drop(partition: number): void {
    this.#assigned.delete(partition);
    this.#owners.delete(partition);
  }

  /** Commits the rest of what these owners hold. What cannot be committed in time is not lost: the log has it. */
  async #finishAll(owners: readonly ShardOwner[], withinMs: number): Promise<void> {
    const giveUp = new AbortController();
    const finished = this.#committer.finish(owners, giveUp.signal).catch(() => undefined);
    await Promise.race([finished, this.#ports.runtime.sleep(withinMs, giveUp.signal)]);
    giveUp.abort();
  }

  #retry<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { runtime, events } = this.#ports;
    const onRetry = (error: Error, fact: { attempt: number; waitMs: number }) => {
      this.#failing.set(what, error);
      events.retrying(what, error, fact);
    };
    return retry(work, { runtime, signal: this.#stopping.signal, onRetry }).finally(() => this.#failing.delete(what));
  }
}
