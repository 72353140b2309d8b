import { describeGroupsV5 } from '@platformatic/kafka';
import { backOff } from './backoff.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { KafkaConnections } from './kafka-connections.ts';
import { isRetriable, kafkaErrorIds } from './kafka-errors.ts';
import type { KafkaSettings } from './kafka-settings.ts';

/** Kafka makes its topic of groups when it is first asked for one, and names no coordinator until then. */
const COORDINATOR_MS_MAX = 5_000;
const READ = 1 << 3;
const UNKNOWN_OPERATIONS = -2_147_483_648;

/**
 * Whether this user may be a member of the group, which takes the right READ on it. Null where the cluster does not
 * say, or not now.
 */
export async function mayJoinGroup(settings: KafkaSettings, groupId: string): Promise<boolean | null> {
  const connections = new KafkaConnections(settings);
  const deadline = AbortSignal.timeout(COORDINATOR_MS_MAX);
  const coordinator = new GroupCoordinator(new KafkaCluster(connections), connections, groupId);
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        const { groups } = await describeGroupsV5.api.async(await coordinator.connect(), [groupId], true);
        const bits = groups[0]?.authorizedOperations ?? UNKNOWN_OPERATIONS;
        return bits === UNKNOWN_OPERATIONS ? null : (bits & READ) !== 0;
      } catch (error) {
        if (kafkaErrorIds(error).includes('GROUP_AUTHORIZATION_FAILED')) return false;
        if (deadline.aborted || !isRetriable(error)) return null;
        coordinator.forget();
        await backOff(attempt, deadline);
      }
    }
  } finally {
    await connections.close();
  }
}
