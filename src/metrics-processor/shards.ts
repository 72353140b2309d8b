import type { EventLog } from '../event-log/event-log.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { shardCountOf } from './core/checkpoint/checkpoint.ts';

/** How the ids are divided between processors, see `core/lane.ts`. */
export interface Shards {
  /** Fixed from the first commit on: the partition count of that time. */
  readonly shardCount: number;
  /** Partitions per shard: 1 until the topics grow. */
  readonly laneCount: number;
}

/**
 * Finds out into how many shards the ids are divided: as every checkpoint says, or one per partition before the first.
 *
 * @throws {StorageError} `misconfigured` when the topics have grown to what is no multiple of it
 */
export async function findShards({ log, store }: { log: EventLog; store: MetricsStore }): Promise<Shards> {
  const partitionCount = await log.partitionCount();
  for (const { checkpoint } of (await store.readProgress()).values()) {
    if (checkpoint.length === 0) continue;
    const shardCount = shardCountOf(checkpoint);
    return { shardCount, laneCount: laneCountOf(partitionCount, shardCount) };
  }
  return { shardCount: partitionCount, laneCount: 1 };
}

/** @throws {StorageError} `misconfigured` when the partitions are no multiple of the shards */
export function laneCountOf(partitionCount: number, shardCount: number): number {
  if (partitionCount % shardCount !== 0) throw notAMultiple(partitionCount, shardCount);
  return partitionCount / shardCount;
}

function notAMultiple(partitionCount: number, shardCount: number): StorageError {
  return new StorageError(
    'misconfigured',
    `The input topics have ${partitionCount} partitions, but their calls are joined in ${shardCount} shards; ` +
      `grow the topics to a multiple of ${shardCount}, where the halves of a call stay together`,
  );
}
