import { initProducerIdV1 } from '@platformatic/kafka';
import { backOff } from './backoff.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnections } from './kafka-connections.ts';
import { asStorageError, isRetriable } from './kafka-errors.ts';

/** One producer id of the broker's, with the count of records that were sent under it to each partition. */
export interface ProducerSession {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly sequences: Map<string, number>;
}

const INIT_MS_MAX = 10_000;

/** Asks a broker for a producer id. @throws {StorageError} where none is given within 10 s. */
export async function openProducerSession(
  cluster: KafkaCluster,
  connections: KafkaConnections,
): Promise<ProducerSession> {
  const giveUpAtMs = Date.now() + INIT_MS_MAX;
  for (let attempt = 0; ; attempt++) {
    connections.checkOpen();
    try {
      const connection = await connections.forBootstrap(cluster.brokers());
      const { producerId, producerEpoch } = await initProducerIdV1.api.async(connection, null, 0);
      return { producerId, epoch: producerEpoch, sequences: new Map() };
    } catch (error) {
      if (!isRetriable(error) || Date.now() > giveUpAtMs) throw asStorageError(error, 'Starting to append events');
      await backOff(attempt, connections.closed);
    }
  }
}
