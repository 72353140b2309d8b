import { listOffsetsV4 } from '@platformatic/kafka';
import { StorageError } from '../../storage/storage-error.ts';
import { backOff } from './backoff.ts';
import type { KafkaCluster, Leader } from './kafka-cluster.ts';
import type { KafkaConnections } from './kafka-connections.ts';
import { asStorageError, isRetriable } from './kafka-errors.ts';

/** Instants that Kafka reads as places. */
export const EARLIEST = -2;
export const LATEST = -1;

const LOOKUP_MS_MAX = 10_000;
const READ_COMMITTED = 1;
const NO_EPOCH = -1;
const CONSUMER = -1;

/**
 * Per partition the first offset stamped at or after `atMs`, or the oldest (`EARLIEST`), or the end (`LATEST`). Null
 * where no record is that young.
 *
 * @throws {StorageError} where a leader does not answer within 10 s.
 */
export async function listOffsets(
  { cluster, connections }: { readonly cluster: KafkaCluster; readonly connections: KafkaConnections },
  {
    topic,
    partitions,
    atMs,
  }: { readonly topic: string; readonly partitions: readonly number[]; readonly atMs: number },
): Promise<ReadonlyMap<number, number | null>> {
  const offsets = new Map<number, number | null>();
  const giveUpAtMs = Date.now() + LOOKUP_MS_MAX;
  for (let attempt = 0; ; attempt++) {
    connections.checkOpen();
    const missing = partitions.filter((partition) => !offsets.has(partition));
    if (missing.length === 0) return offsets;
    if (attempt > 0) {
      cluster.markStale(topic);
      await backOff(attempt - 1, connections.closed);
    }
    const failures = await askLeaders(missing);
    const lasting = failures.find((failure) => !isRetriable(failure) || Date.now() > giveUpAtMs);
    if (lasting !== undefined) throw asStorageError(lasting, `Looking up offsets of ${topic}`);
  }

  async function askLeaders(missing: readonly number[]): Promise<readonly unknown[]> {
    const led = await Promise.all(
      missing.map(async (partition) => ({ partition, leader: await cluster.leaderOf(topic, partition) })),
    );
    const groups = Map.groupBy(led, ({ leader }) => leader?.id ?? -1);
    const answers = await Promise.allSettled([...groups.values()].map(askOne));
    return answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : answer.value));
  }

  /** Asks one leader; gives the failures of single partitions. */
  async function askOne(
    group: readonly { readonly partition: number; readonly leader: Leader | null }[],
  ): Promise<readonly unknown[]> {
    const leader = group[0]?.leader;
    if (leader == null) return [new StorageError('unavailable', `A partition of ${topic} has no leader now`)];
    const connection = await connections.forControl(leader);
    const wanted = group.map(({ partition }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: NO_EPOCH,
      timestamp: BigInt(Math.floor(atMs)),
    }));
    const { topics } = await listOffsetsV4.api.async(connection, CONSUMER, READ_COMMITTED, [
      { name: topic, partitions: wanted },
    ]);
    for (const { partitionIndex, offset } of topics[0]?.partitions ?? []) {
      offsets.set(partitionIndex, offset < 0n ? null : Number(offset));
    }
    return [];
  }
}
