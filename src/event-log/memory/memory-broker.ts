import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS, type Topic } from '../../events/topics.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { LogRecord, NewRecord } from '../event-log.ts';
import { partitionOf } from '../partition-of.ts';
import { MemoryGroup } from './memory-group.ts';

export interface MemoryBrokerOptions {
  readonly partitionCount: number;
  /** The log's clock, in ms since the epoch. It may jump; the stamps never fall within a partition. */
  readonly nowMs?: () => number;
  /** Resolves after `ms` or as soon as the signal is aborted, whichever is first; never rejects. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Keys and values that all topics may hold together; an append beyond throws `full`. Default: no bound. */
  readonly bytesMax?: number;
}

interface Partition {
  readonly records: LogRecord[];
  stampedMsMax: number;
}

/**
 * What several memory logs share: the records and the group. One broker stands for one Kafka cluster; processes of a
 * simulation each open their own log on it and may close or abandon it at any time.
 */
export class MemoryBroker {
  readonly group: MemoryGroup;
  readonly nowMs: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #topics: ReadonlyMap<Topic, Partition[]>;
  readonly #bytesMax: number;
  readonly #onAppended = new Set<() => void>();
  #bytesHeld = 0;
  #partitionCount: number;

  constructor(options: MemoryBrokerOptions) {
    this.#partitionCount = options.partitionCount;
    this.group = new MemoryGroup(options.partitionCount);
    this.nowMs = options.nowMs ?? Date.now;
    this.wait = options.wait ?? waitOnTimer;
    this.#bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY;
    this.#topics = new Map(
      Object.values(TOPICS).map((topic) => [topic, Array.from({ length: options.partitionCount }, newPartition)]),
    );
  }

  get partitionCount(): number {
    return this.#partitionCount;
  }

  /** Adds partitions to every topic, as an administrator does while the log is in use; the group deals them out. */
  grow(partitionCount: number): Promise<void> {
    for (const partitions of this.#topics.values()) {
      while (partitions.length < partitionCount) partitions.push(newPartition());
    }
    this.#partitionCount = partitionCount;
    return this.group.grow(partitionCount);
  }

  /**
   * Copies the bytes: the caller may reuse its buffers.
   *
   * @param partitionCount as the sender knows it, who may not have heard yet that the topics grew
   * @throws {StorageError} `full`, and then takes none of them.
   */
  append(records: readonly NewRecord[], partitionCount = this.#partitionCount): void {
    const bytes = records.reduce((sum, record) => sum + record.value.length + Buffer.byteLength(record.key), 0);
    if (this.#bytesHeld + bytes > this.#bytesMax) {
      throw new StorageError('full', `The memory log holds ${this.#bytesHeld} of at most ${this.#bytesMax} bytes`);
    }
    this.#bytesHeld += bytes;
    const nowMs = this.nowMs();
    for (const { topic, key, value, senderTenant, traceparent } of records) {
      const partition = this.#partition(topic, partitionOf(key, partitionCount));
      partition.stampedMsMax = Math.max(partition.stampedMsMax, nowMs);
      const offset = partition.records.length;
      partition.records.push({
        offset,
        loggedAtMs: partition.stampedMsMax,
        key: Buffer.from(key),
        value: Buffer.from(value),
        senderTenant: senderTenant ? Buffer.from(senderTenant) : null,
        ...(traceparent === undefined ? {} : { traceparent }),
      });
    }
    if (records.length > 0) for (const wake of this.#onAppended) wake();
  }

  /** The records of a partition, the index being the offset. */
  records(topic: Topic, partition: number): readonly LogRecord[] {
    return this.#partition(topic, partition).records;
  }

  /** No later record of this partition will be stamped before this instant. */
  sealedThroughMs(topic: Topic, partition: number): number {
    const held = this.#partition(topic, partition);
    // The stamp is pulled up, so that the promise holds even where the clock falls back afterwards.
    held.stampedMsMax = Math.max(held.stampedMsMax, this.nowMs());
    return held.stampedMsMax;
  }

  /** Calls `wake` after each append until the returned function is called. */
  onAppended(wake: () => void): () => void {
    this.#onAppended.add(wake);
    return () => this.#onAppended.delete(wake);
  }

  #partition(topic: Topic, partition: number): Partition {
    const found = this.#topics.get(topic)?.[partition];
    if (found === undefined) throw new StorageError('misconfigured', `There is no partition ${partition} in ${topic}`);
    return found;
  }
}

function newPartition(): Partition {
  return { records: [], stampedMsMax: 0 };
}

async function waitOnTimer(ms: number, signal: AbortSignal): Promise<void> {
  // An aborted wait ends early, which is all that it means here.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
