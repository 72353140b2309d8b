import { join } from 'node:path';
import type { KafkaOptions } from './kafka.ts';

export interface NodePorts {
  readonly id: number;
  readonly clientPort: number;
  readonly controllerPort: number;
}

/** The `server.properties` of one node that is broker and controller, tuned for tests: small and quick to react. */
export function nodeProperties(
  node: NodePorts,
  nodes: readonly NodePorts[],
  directory: string,
  { users = {}, tls, properties = {} }: KafkaOptions,
): string {
  const protocol = `${Object.keys(users).length > 0 ? 'SASL_' : ''}${tls ? 'SSL' : 'PLAINTEXT'}`;
  const replicaCount = String(nodes.length);
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `CLIENT://127.0.0.1:${node.clientPort},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${node.clientPort}`,
    'listener.security.protocol.map': `CLIENT:${protocol},CONTROLLER:PLAINTEXT`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    'log.dirs': join(directory, `node-${node.id}`, 'data'),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicaCount,
    'min.insync.replicas': nodes.length > 1 ? '2' : '1',
    'offsets.topic.replication.factor': replicaCount,
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': replicaCount,
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.replication.factor': replicaCount,
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A dead member is noticed after 6 s instead of 45 s, and partitions move within 1 s.
    'group.consumer.heartbeat.interval.ms': '500',
    'group.consumer.min.heartbeat.interval.ms': '500',
    'group.consumer.session.timeout.ms': '6000',
    'group.consumer.min.session.timeout.ms': '6000',
    // Nobody takes over from a broker that is alone. On a starved machine it was fenced by itself, and then without a
    // leader for anything; killed and started again it is refused for as long.
    'broker.session.timeout.ms': nodes.length > 1 ? '3000' : '10000',
    'broker.heartbeat.interval.ms': '500',
    'log.cleaner.dedupe.buffer.size': '4194304',
    'num.network.threads': '2',
    'num.io.threads': '4',
    ...(Object.keys(users).length > 0 ? saslSettings(users) : {}),
    ...(tls ? tlsSettings(tls) : {}),
    ...properties,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The brokers also connect to each other, so they trust the authority of their own certificate. */
function tlsSettings({ pemFile, caFile }: NonNullable<KafkaOptions['tls']>): Record<string, string> {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': pemFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': caFile,
  };
}

/** The brokers talk to each other as the first user. */
function saslSettings(users: Readonly<Record<string, string>>): Record<string, string> {
  const [name = '', password = ''] = Object.entries(users)[0] ?? [];
  const scram = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${name}" password="${password}";`;
  const plainUsers = Object.entries(users).map(([user, secret]) => `user_${user}="${secret}"`);
  return {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-256',
    'listener.name.client.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.client.scram-sha-512.sasl.jaas.config': scram,
    'listener.name.client.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${plainUsers.join(' ')};`,
  };
}
