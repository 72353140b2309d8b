import type { EventLog } from '../event-log/event-log.ts';
import { NO_EFFECTS, type Progress } from '../metrics-store/commit.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { shardCountOf } from './core/checkpoint/checkpoint.ts';
import { type CoreOptions, ShardCore } from './core/shard-core.ts';
import { skipToStart } from './recover.ts';
import type { Runtime } from './runtime.ts';

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
  return shardsIn(await store.readProgress(), await log.partitionCount());
}

/** The same from what was read. @throws {StorageError} as `findShards` */
export function shardsIn(progress: ReadonlyMap<number, Progress>, partitionCount: number): Shards {
  const shardCount = shardCountIn(Array.from(progress.values(), ({ checkpoint }) => checkpoint));
  if (shardCount === null) return { shardCount: partitionCount, laneCount: 1 };
  return { shardCount, laneCount: laneCountOf(partitionCount, shardCount) };
}

/**
 * As `findShards`, and from then on the store knows it. Topics may grow before anything is counted: a processor that
 * began before that and one that begins after it would each divide the ids in its own way, and count some twice.
 */
export async function agreeOnShards(ports: AgreementPorts, options: Omit<CoreOptions, 'partition' | 'shardCount'>) {
  const { log, store, runtime } = ports;
  // Of one reading: between two of them another processor may commit, and not as was found before.
  const progress = await store.readProgress();
  const found = shardsIn(progress, await log.partitionCount());
  if (progress.size > 0) return found;
  const core = new ShardCore({ ...options, partition: 0, shardCount: found.shardCount });
  await skipToStart(log, core, 0);
  const nothingYet = { positions: core.positions, completeThroughMs: 0, checkpoint: core.checkpoint(), ...NO_EFFECTS };
  const at = { partition: 0, expectedSeq: 0, token: runtime.newToken(), committedAtMs: runtime.nowMs() };
  // Whoever comes second is refused, and finds what the first one wrote.
  await store.commit([{ ...at, ...nothingYet }]);
  return findShards(ports);
}

interface AgreementPorts {
  readonly log: EventLog;
  readonly store: MetricsStore;
  readonly runtime: Runtime;
}

/** Null where nothing was committed yet. */
function shardCountIn(checkpoints: readonly Uint8Array[]): number | null {
  const first = checkpoints.find(({ length }) => length > 0);
  return first === undefined ? null : readableShardCount(first);
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
