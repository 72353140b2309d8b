import { type Broker, type Connection, findCoordinatorV4 } from '@platformatic/kafka';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnections } from './kafka-connections.ts';

const GROUP = 0;

/** Finds the broker that keeps a group, and remembers it until told that it was the wrong one. */
export class GroupCoordinator {
  readonly #cluster: KafkaCluster;
  readonly #connections: KafkaConnections;
  readonly #groupId: string;
  #broker: Broker | null = null;

  constructor(cluster: KafkaCluster, connections: KafkaConnections, groupId: string) {
    this.#cluster = cluster;
    this.#connections = connections;
    this.#groupId = groupId;
  }

  async connect(): Promise<Connection> {
    this.#broker ??= await this.#find();
    return this.#connections.forControl(this.#broker);
  }

  forget(): void {
    this.#broker = null;
  }

  async #find(): Promise<Broker> {
    const connection = await this.#connections.forBootstrap(this.#cluster.brokers());
    const { coordinators } = await findCoordinatorV4.api.async(connection, GROUP, [this.#groupId]);
    const [found] = coordinators;
    if (found === undefined) throw new Error('The broker named no coordinator');
    return { host: found.host, port: found.port };
  }
}
