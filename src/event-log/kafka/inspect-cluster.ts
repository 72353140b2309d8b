import { metadataV9 } from '@platformatic/kafka';
import { TOPICS, type Topic } from '../../events/topics.ts';
import { KafkaConnections } from './kafka-connections.ts';
import { asStorageError } from './kafka-errors.ts';
import type { KafkaSettings } from './kafka-settings.ts';

/** What brokers tell whoever connects: their own addresses, and what this user may do. */
export interface ClusterReport {
  /** As the brokers advertise themselves: clients connect to these, whatever the bootstrap address is. */
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  /** Null where the cluster does not say, as one without authorization. Topics that are missing are left out. */
  readonly rights: ReadonlyMap<Topic, TopicRights>;
}

export type TopicRights = Readonly<Record<'read' | 'write' | 'describe', boolean>>;

type MetadataResponse = Awaited<ReturnType<typeof metadataV9.api.async>>;

const TOPIC_AUTHORIZATION_FAILED = 29;
/** Bits of the operations of Kafka's ACLs. */
const [READ, WRITE, DESCRIBE] = [1 << 3, 1 << 4, 1 << 8];
const UNKNOWN_OPERATIONS = -2_147_483_648;

/** @throws {StorageError} where no broker answers */
export async function inspectCluster(settings: KafkaSettings): Promise<ClusterReport> {
  const connections = new KafkaConnections(settings);
  try {
    const { brokers, topics } = await fetchMetadata(connections);
    const rights = new Map<Topic, TopicRights>();
    for (const { name, errorCode, topicAuthorizedOperations: bits } of topics) {
      const topic = Object.values(TOPICS).find((each) => each === name);
      if (topic === undefined) continue;
      if (errorCode === TOPIC_AUTHORIZATION_FAILED) rights.set(topic, { read: false, write: false, describe: false });
      if (errorCode !== 0 || bits === UNKNOWN_OPERATIONS) continue;
      const has = (operation: number): boolean => (bits & operation) !== 0;
      rights.set(topic, { read: has(READ), write: has(WRITE), describe: has(DESCRIBE) });
    }
    return { brokers: brokers.map(({ nodeId: id, host, port }) => ({ id, host, port })), rights };
  } catch (error) {
    throw asStorageError(error, 'Asking the brokers');
  } finally {
    await connections.close();
  }
}

async function fetchMetadata(connections: KafkaConnections): Promise<MetadataResponse> {
  const connection = await connections.forBootstrap([]);
  try {
    return await metadataV9.api.async(connection, Object.values(TOPICS), false, true);
  } catch (error) {
    // One topic's error hangs on the whole answer, which is what is asked for.
    const { response } = error as { response?: MetadataResponse };
    if (response?.topics === undefined) throw error;
    return response;
  }
}
