import { freePorts } from '../../../scripts/services/free-ports.ts';
import { type RunningKafka, startKafka } from '../../../scripts/services/kafka.ts';
import { type RunningPostgres, startPostgres } from '../../../scripts/services/postgres.ts';
import { createTopics } from '../../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaSettings } from '../../../src/event-log/kafka/kafka-settings.ts';
import { copyProgram, type ProgramCopy } from './program-copy.ts';
import { type RoleOptions, RoleProcess } from './role-process.ts';

export interface ClusterOptions {
  readonly brokers: 1 | 3;
  readonly processors: number;
  readonly ingestionApis?: number;
  /** User and password that the brokers ask for. */
  readonly sasl?: readonly [string, string];
  /** Of the brokers; else a silent member is given up after 3 s. */
  readonly properties?: Readonly<Record<string, string>>;
}

const PARTITIONS = 6;

/** A member that is silent is given up after 3 s, so that many faults fit into a test. */
const SESSION = {
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.session.timeout.ms': '3000',
};

interface Services {
  readonly kafka: RunningKafka;
  readonly postgres: RunningPostgres;
  readonly program: ProgramCopy;
  readonly sasl: ClusterOptions['sasl'];
}

/** The whole distributed engine: a Kafka and a Postgres of its own, and the roles as processes of the built program. */
export class Cluster {
  readonly kafka: RunningKafka;
  readonly postgres: RunningPostgres;
  readonly ingestionApis: RoleProcess[] = [];
  readonly processors: RoleProcess[] = [];
  readonly metricsApis: RoleProcess[] = [];
  readonly #program: ProgramCopy;
  readonly #others: RoleProcess[] = [];

  readonly #sasl: ClusterOptions['sasl'];

  private constructor({ kafka, postgres, program, sasl }: Services) {
    this.kafka = kafka;
    this.postgres = postgres;
    this.#program = program;
    this.#sasl = sasl;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { brokers, processors, ingestionApis = 1, sasl, properties = SESSION } = options;
    const users = sasl === undefined ? {} : { [sasl[0]]: sasl[1] };
    const kafka = await startKafka({ brokers, own: true, quickJit: true, users, properties });
    const postgres = await startPostgres({ own: true, fsync: false });
    const cluster = new Cluster({ kafka, postgres, program: copyProgram(), sasl });
    try {
      await createTopics(cluster.kafkaSettings, { partitions: PARTITIONS, replicationFactor: brokers });
      for (let i = 0; i < ingestionApis; i++) cluster.ingestionApis.push(await cluster.role('ingestion-api'));
      for (let i = 0; i < processors; i++) cluster.processors.push(await cluster.role('metrics-processor'));
      cluster.metricsApis.push(await cluster.role('metrics-api'));
      await Promise.all(cluster.roles.map((role) => role.startReady()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The three roles' processes. */
  get roles(): readonly RoleProcess[] {
    return [...this.ingestionApis, ...this.processors, ...this.metricsApis];
  }

  get ingestionUrls(): readonly string[] {
    return this.ingestionApis.map(({ url }) => url);
  }

  get metricsUrl(): string {
    return this.metricsApis[0]?.url ?? '';
  }

  get kafkaSettings(): KafkaSettings {
    const brokers = this.kafka.bootstrap.split(',');
    const [username, password] = this.#sasl ?? [];
    const sasl = username && password ? { sasl: { mechanism: 'SCRAM-SHA-256' as const, username, password } } : {};
    return { brokers, clientId: 'pipeline-test', groupId: 'pipeline-test', compression: 'lz4', ...sasl };
  }

  /** A process of the program on this Kafka and Postgres, not started yet; it ends with the cluster. */
  async role(command: string, env: RoleOptions['env'] = {}, nodeOptions: readonly string[] = []): Promise<RoleProcess> {
    const [port = 0] = await freePorts(1);
    const role = new RoleProcess({
      command,
      entry: this.#program.entry,
      nodeOptions,
      env: {
        KAFKA_BROKERS: this.kafka.bootstrap,
        POSTGRES_DSN: this.postgres.dsn,
        HTTP_PORT: String(port),
        LOG_LEVEL: 'info',
        ...env,
      },
    });
    this.#others.push(role);
    return role;
  }

  async withLog<T>(use: (log: KafkaEventLog) => Promise<T>): Promise<T> {
    const log = new KafkaEventLog(this.kafkaSettings);
    try {
      return await use(log);
    } finally {
      await log.close();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#others.map((role) => role.dispose()));
    await Promise.all([this.kafka.stop(), this.postgres.stop()]);
    this.#program.remove();
  }
}
