import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { eventLogContract } from '../../src/event-log/event-log.contract.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaSettings } from '../../src/event-log/kafka/kafka-settings.ts';

const skip = skipWithout(await availableServices(), ['kafka']);

for (const [brokers, groupProtocol] of [
  [1, 'consumer'],
  [3, 'consumer'],
  [1, 'classic'],
] as const) {
  let kafka: RunningKafka | null = null;
  const settings = (bootstrap: string): KafkaSettings => ({
    brokers: bootstrap.split(','),
    clientId: 'contract',
    groupId: `contract-${process.pid}`,
    compression: 'lz4',
    groupProtocol,
  });
  eventLogContract({
    name: `Kafka, ${brokers} ${brokers === 1 ? 'broker' : 'brokers'}, ${groupProtocol} groups`,
    skip,
    open: async () => {
      if (kafka === null) {
        kafka = await startKafka({ brokers, quickJit: true });
        await createTopics(settings(kafka.bootstrap), { partitions: 6, replicationFactor: -1 });
      }
      return new KafkaEventLog(settings(kafka.bootstrap));
    },
    dispose: async () => kafka?.stop(),
  });
}
