import { apiVersionsV3 } from '@platformatic/kafka';
import type { GroupListener, GroupMember } from '../event-log.ts';
import { backOff } from './backoff.ts';
import { ClassicProtocolMember } from './classic-protocol-member.ts';
import { ConsumerProtocolMember } from './consumer-protocol-member.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnections } from './kafka-connections.ts';
import { asStorageError, isRetriable, kafkaErrorIds } from './kafka-errors.ts';
import type { KafkaSettings } from './kafka-settings.ts';

const CONSUMER_GROUP_HEARTBEAT = 68;

/** A new cluster needs some seconds to make its offsets topic before any group has a coordinator. */
const JOIN_MS_MAX = 30_000;

interface GroupContext {
  readonly groupId: string;
  readonly settings: KafkaSettings;
  readonly cluster: KafkaCluster;
  readonly connections: KafkaConnections;
}

/**
 * Joins by the consumer protocol (KIP-848) where the broker speaks it, else by the classic one.
 *
 * @throws {StorageError} where the group does not take the member within 30 s.
 */
export async function joinKafkaGroup(context: GroupContext, listener: GroupListener): Promise<GroupMember> {
  const giveUpAtMs = Date.now() + JOIN_MS_MAX;
  for (let attempt = 0; ; attempt++) {
    context.connections.checkOpen();
    try {
      return await joinOnce(context, listener);
    } catch (error) {
      const mayRetry = isRetriable(error) && Date.now() < giveUpAtMs;
      if (!mayRetry) throw asStorageError(error, `Joining the consumer group ${context.groupId}`);
    }
    await backOff(attempt, context.connections.closed);
  }
}

async function joinOnce(
  { groupId, settings, cluster, connections }: GroupContext,
  listener: GroupListener,
): Promise<GroupMember> {
  if (settings.groupProtocol !== 'classic' && (await speaksConsumerProtocol(cluster, connections))) {
    const member = new ConsumerProtocolMember(cluster, connections, groupId, listener);
    try {
      await member.join();
      return member;
    } catch (error) {
      // Kafka knows the request, but its operator has left the feature off (`group.version` 0).
      if (!kafkaErrorIds(error).includes('UNSUPPORTED_VERSION')) throw error;
    }
  }
  const member = new ClassicProtocolMember({ ...settings, groupId }, listener);
  await member.join();
  return member;
}

async function speaksConsumerProtocol(cluster: KafkaCluster, connections: KafkaConnections): Promise<boolean> {
  const connection = await connections.forBootstrap(cluster.brokers());
  const { apiKeys } = await apiVersionsV3.api.async(connection, 'streamlens', '1');
  return apiKeys.some(({ apiKey, maxVersion }) => apiKey === CONSUMER_GROUP_HEARTBEAT && maxVersion >= 1);
}
