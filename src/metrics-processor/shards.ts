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
 * @throws {StorageError} `misconfigured` when the topics have grown to what is no multiple of it, or another release
 *   wrote a checkpoint
 */
export async function findShards({ log, store }: { log: EventLog; store: MetricsStore }): Promise<Shards> {
  const partitionCount = await log.partitionCount();
  const checkpoints = Array.from((await store.readProgress()).values(), ({ checkpoint }) => checkpoint);
  const [shardCount] = checkpoints.filter(({ length }) => length > 0).map(readableShardCount);
  if (shardCount === undefined) return { shardCount: partitionCount, laneCount: 1 };
  return { shardCount, laneCount: laneCountOf(partitionCount, shardCount) };
}

function readableShardCount(checkpoint: Uint8Array): number {
  try {
    return shardCountOf(checkpoint);
  } catch (error) {
    const message = `The store was written by another release of StreamLens, start that one: ${(error as Error).message}`;
    throw new StorageError('misconfigured', message, { cause: error });
  }
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
