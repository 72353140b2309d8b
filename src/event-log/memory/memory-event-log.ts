import type { InputTopic, Topic } from '../../events/topics.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type {
  EventLog,
  GroupListener,
  GroupMember,
  LogPosition,
  LogRange,
  LogRecord,
  LogSlice,
  NewRecord,
  OffsetBounds,
  PollLimits,
} from '../event-log.ts';
import type { MemoryBroker } from './memory-broker.ts';

/** Bounds one page of `readRange`, as the other adapters bound theirs. */
const PAGE_RECORDS_MAX = 1_000;

/** One process's view of a memory broker. Closing it closes neither the broker nor the other logs on it. */
export class MemoryEventLog implements EventLog {
  readonly #broker: MemoryBroker;
  readonly #closing = new AbortController();
  readonly #memberIds = new Set<number>();
  #sessionsExpired = 0;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  async append(records: readonly NewRecord[]): Promise<void> {
    this.#checkOpen();
    this.#broker.append(records);
  }

  async partitionCount(): Promise<number> {
    this.#checkOpen();
    return this.#broker.partitionCount;
  }

  async poll(wanted: readonly LogPosition[], limits: PollLimits): Promise<readonly LogSlice[]> {
    this.#checkOpen();
    for (const position of wanted) this.#checkWithin(position);
    if (!wanted.some((position) => this.#isWaiting(position))) await this.#waitForAppend(wanted, limits.waitMs);
    this.#checkOpen();
    let bytesLeft = limits.bytesMax;
    return wanted.map((position) => {
      const records = this.#take(position, bytesLeft);
      bytesLeft -= records.reduce((sum, record) => sum + bytesOf(record), 0);
      return this.#slice(position, records);
    });
  }

  async readRange(range: LogRange): Promise<readonly LogRecord[]> {
    this.#checkOpen();
    this.#checkWithin({ ...range, offset: range.to });
    const to = Math.min(range.to, range.from + PAGE_RECORDS_MAX);
    return this.#broker.records(range.topic, range.partition).slice(range.from, Math.max(range.from, to));
  }

  async offsetAt(topic: InputTopic, partition: number, atMs: number): Promise<number> {
    this.#checkOpen();
    const records = this.#broker.records(topic, partition);
    return records.find((record) => record.loggedAtMs >= atMs)?.offset ?? records.length;
  }

  async bounds(topic: Topic): Promise<readonly OffsetBounds[]> {
    this.#checkOpen();
    return Array.from({ length: this.#broker.partitionCount }, (_, partition) => ({
      partition,
      start: 0,
      end: this.#broker.records(topic, partition).length,
    }));
  }

  async joinGroup(listener: GroupListener): Promise<GroupMember> {
    this.#checkOpen();
    const { group } = this.#broker;
    const sessionsExpired = this.#sessionsExpired;
    const id = await group.join(listener);
    if (this.#sessionsExpired !== sessionsExpired) {
      // Expired while the group was still busy with others: nobody else would ever take this member out.
      await group.leave(id);
      throw new StorageError('unavailable', 'The session expired while joining the group');
    }
    this.#memberIds.add(id);
    return {
      async reportProgress() {},
      leave: async () => {
        this.#memberIds.delete(id);
        await group.leave(id);
      },
    };
  }

  async checkHealth(): Promise<void> {
    this.#checkOpen();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.expireSession();
  }

  /**
   * Hands this log's partitions to the other members without asking or telling its own, as a broker does when a
   * session times out. The process goes on as a zombie until a commit is refused: simulations need that.
   */
  async expireSession(): Promise<void> {
    this.#sessionsExpired++;
    const ids = [...this.#memberIds];
    this.#memberIds.clear();
    await Promise.all(ids.map((id) => this.#broker.group.leave(id)));
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new StorageError('unavailable', 'The event log was closed');
  }

  #checkWithin({ topic, partition, offset }: LogPosition): void {
    const end = this.#broker.records(topic, partition).length;
    if (offset <= end) return;
    throw new StorageError('corrupt', `${topic}/${partition} ends at ${end}, so ${offset} cannot be read`);
  }

  #isWaiting({ topic, partition, offset }: LogPosition): boolean {
    return this.#broker.records(topic, partition).length > offset;
  }

  async #waitForAppend(wanted: readonly LogPosition[], waitMs: number): Promise<void> {
    const done = new AbortController();
    const stopListening = this.#broker.onAppended(() => {
      if (wanted.some((position) => this.#isWaiting(position))) done.abort();
    });
    try {
      await this.#broker.wait(waitMs, AbortSignal.any([done.signal, this.#closing.signal]));
    } finally {
      stopListening();
    }
  }

  /** At least one record while any bytes are left, so that a record larger than the bound cannot stop the reader. */
  #take({ topic, partition, offset }: LogPosition, bytesMax: number): readonly LogRecord[] {
    const held = this.#broker.records(topic, partition);
    let end = offset;
    let bytesLeft = bytesMax;
    for (let record = held[end]; record !== undefined && bytesLeft > 0; record = held[++end])
      bytesLeft -= bytesOf(record);
    return held.slice(offset, end);
  }

  #slice({ topic, partition, offset }: LogPosition, records: readonly LogRecord[]): LogSlice {
    const endOffset = this.#broker.records(topic, partition).length;
    const nextOffset = offset + records.length;
    const sealedThroughMs = nextOffset >= endOffset ? this.#broker.sealedThroughMs(topic, partition) : null;
    return { topic, partition, records, nextOffset, endOffset, sealedThroughMs };
  }
}

function bytesOf(record: LogRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0);
}
