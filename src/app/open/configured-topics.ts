import { createTopics, type TopicReport } from '../../event-log/kafka/create-topics.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { type KafkaLogSettings, kafkaSettings } from './open-log.ts';

/** Lets the brokers decide. */
const BROKER_DEFAULT = -1;

type TopicSettings = KafkaLogSettings & Pick<SettingsOf<'up' | 'topics'>, 'kafkaPartitions' | 'kafkaReplicationFactor'>;

/** Creates the topics that are missing, as the settings say. @throws {StorageError} */
export function createConfiguredTopics(
  settings: TopicSettings,
  brokers: readonly string[],
  grow = false,
): Promise<readonly TopicReport[]> {
  return createTopics(kafkaSettings(settings, brokers), {
    partitions: settings.kafkaPartitions,
    replicationFactor: settings.kafkaReplicationFactor ?? BROKER_DEFAULT,
    grow,
  });
}
