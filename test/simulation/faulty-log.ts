import type {
  EventLog,
  GroupListener,
  GroupMember,
  LogPosition,
  LogRange,
  LogRecord,
  LogSlice,
  NewRecord,
  PollLimits,
} from '../../src/event-log/event-log.ts';
import { MemoryEventLog } from '../../src/event-log/memory/memory-event-log.ts';
import { partitionOf } from '../../src/event-log/partition-of.ts';
import type { InputTopic } from '../../src/events/topics.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import type { Host } from './host.ts';
import { isMarker } from './marker.ts';
import type { World } from './world.ts';

/** One process's way to the broker: slow, broken now and then, and cut off when the process stops. */
export class FaultyLog implements EventLog {
  readonly #world: World;
  readonly #host: Host;
  readonly #log: MemoryEventLog;
  /** How long after a growth this process goes by the partitions of before. */
  readonly #growthLagMs: number;
  #isExpired = false;
  #expired: (() => void)[] = [];
  #listener: GroupListener | null = null;

  constructor(world: World, host: Host) {
    this.#world = world;
    this.#host = host;
    this.#log = new MemoryEventLog(world.broker);
    this.#growthLagMs = world.plan.growth === null ? 0 : world.chance.int(0, 2000);
  }

  async append(records: readonly NewRecord[]): Promise<void> {
    const { chance } = this.#world;
    await this.#host.send();
    this.#failBefore('append');
    const taken = this.#world.isFaulty() ? this.#someOf(records) : records;
    this.#world.broker.append(taken, this.#partitionCountKnown);
    this.#world.trace(`${this.#host.name} append ${taken.length}/${records.length}`);
    if (taken.length < records.length) throw unavailable('only some partitions took their records');
    if (this.#world.isFaulty()) throw unavailable('the acknowledgement was lost');
    await this.#host.pass(this.#world.isFaulty() ? chance.int(0, 3000) : this.#world.latencyMs());
  }

  async poll(wanted: readonly LogPosition[], limits: PollLimits): Promise<readonly LogSlice[]> {
    // Never in no time: a reader that turns in circles must let the clock go on, or nobody would notice.
    await this.#host.pass(Math.max(1, this.#world.latencyMs()));
    this.#failBefore('poll');
    const slices = await this.#log.poll(wanted, limits);
    await this.#host.pass(this.#world.latencyMs());
    return slices.map((slice) => ({ ...slice, records: [...slice.records].filter((record) => !isMarker(record)) }));
  }

  /** Pages are short, so that there are many. */
  async readRange(range: LogRange): Promise<readonly LogRecord[]> {
    await this.#host.pass(this.#world.latencyMs());
    this.#failBefore('readRange');
    for (let from = range.from; from < range.to; ) {
      const to = Math.min(range.to, from + this.#world.chance.int(1, 20));
      const records = (await this.#log.readRange({ ...range, from, to })).filter((record) => !isMarker(record));
      if (records.length > 0) return records;
      from = to;
    }
    return [];
  }

  async offsetAt(topic: InputTopic, partition: number, atMs: number): Promise<number> {
    await this.#host.pass(this.#world.latencyMs());
    this.#failBefore('offsetAt');
    return this.#log.offsetAt(topic, partition, atMs);
  }

  async bounds(topic: InputTopic): ReturnType<EventLog['bounds']> {
    await this.#host.pass(this.#world.latencyMs());
    this.#failBefore('bounds');
    return this.#log.bounds(topic);
  }

  async partitionCount(): Promise<number> {
    if (this.#world.plan.growth === null) return this.#log.partitionCount();
    await this.#host.pass(this.#world.latencyMs());
    this.#failBefore('partitionCount');
    return this.#partitionCountKnown;
  }

  async joinGroup(listener: GroupListener): Promise<GroupMember> {
    await this.#host.pass(this.#world.latencyMs());
    this.#world.processorJoins();
    this.#listener = listener;
    const member = await this.#log.joinGroup({
      onAssigned: (partitions) => {
        this.#world.trace(`${this.#host.name} assigned ${partitions.join()}`);
        if (!this.#host.isCrashed) listener.onAssigned(partitions);
      },
      // A broker waits for a member that is asked to give partitions back, but no longer than its session.
      onRevoked: (partitions) => {
        this.#world.trace(`${this.#host.name} revoked ${partitions.join()}`);
        if (this.#isExpired) return Promise.resolve();
        const expired = new Promise<void>((resolve) => this.#expired.push(resolve));
        const answer = this.#host.pass(this.#world.latencyMs()).then(() => listener.onRevoked(partitions));
        return Promise.race([answer, expired]);
      },
      onLost: (cause) => listener.onLost(cause),
    });
    await this.#host.pass(0);
    return member;
  }

  checkHealth(): Promise<void> {
    return this.#log.checkHealth();
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** The broker gives the member up. Whether the member ever hears of it is another matter. */
  expireSession(isTold: boolean): void {
    this.#world.trace(`${this.#host.name} session expired${isTold ? ', told' : ''}`);
    this.#isExpired = true;
    for (const resolve of this.#expired.splice(0)) resolve();
    void this.#log.expireSession();
    if (isTold && !this.#host.isCrashed) this.#listener?.onLost(new Error('The session expired'));
  }

  get #partitionCountKnown(): number {
    return this.#world.partitionCountAfter(this.#growthLagMs);
  }

  #failBefore(what: string): void {
    if (this.#world.isLogDown || this.#world.isFaulty()) throw unavailable(what);
  }

  /** An append is all or nothing per partition only. */
  #someOf(records: readonly NewRecord[]): readonly NewRecord[] {
    const partitionCount = this.#partitionCountKnown;
    const lost = this.#world.chance.int(0, partitionCount - 1);
    return records.filter(({ key }) => partitionOf(key, partitionCount) !== lost);
  }
}

function unavailable(what: string): StorageError {
  return new StorageError('unavailable', `Simulated: ${what}`);
}
