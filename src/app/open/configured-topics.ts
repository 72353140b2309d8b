import { createTopics, type TopicReport } from '../../event-log/kafka/create-topics.ts';
import type { Settings } from '../../settings/settings-table.ts';
import { kafkaSettings } from './open-log.ts';

/** Lets the brokers decide. */
const BROKER_DEFAULT = -1;

/** Creates the topics that are missing, as the settings say. @throws {EventLogError} */
export function createConfiguredTopics(settings: Settings, grow = false): Promise<readonly TopicReport[]> {
  return createTopics(kafkaSettings(settings, settings.kafkaBrokers ?? []), {
    partitions: settings.kafkaPartitions,
    replicationFactor: settings.kafkaReplicationFactor ?? BROKER_DEFAULT,
    grow,
  });
}
