import { Admin } from '@platformatic/kafka';
import { Client } from 'pg';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { type RunningPostgres, startPostgres } from '../../scripts/services/postgres.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import { TOPICS, type Topic } from '../../src/events/topics.ts';
import type { GeneratedEvent } from '../data/event-generator.ts';

export const PARTITIONS = 12;

/** The broker that all contestants of a question share. */
export class BenchKafka {
  readonly bootstrap: string;
  readonly pid: number;
  readonly #kafka: RunningKafka;
  readonly log: KafkaEventLog;

  private constructor(kafka: RunningKafka) {
    this.#kafka = kafka;
    this.bootstrap = kafka.bootstrap;
    this.pid = kafka.brokers[0]?.pid ?? 0;
    this.log = new KafkaEventLog({
      brokers: [kafka.bootstrap],
      clientId: 'bench',
      groupId: 'bench',
      compression: 'lz4',
    });
  }

  /** @param properties added to the broker's `server.properties` */
  static async start(properties: Readonly<Record<string, string>> = {}): Promise<BenchKafka> {
    const own = { 'group.initial.rebalance.delay.ms': '0', ...properties };
    const kafka = await startKafka({ brokers: 1, own: true, heapMib: 1024, properties: own });
    const started = new BenchKafka(kafka);
    const settings = { brokers: [kafka.bootstrap], clientId: 'bench', groupId: 'bench', compression: 'lz4' } as const;
    await createTopics(settings, { partitions: PARTITIONS, replicationFactor: 1 });
    return started;
  }

  /** A topic of a contestant's own, like ours in partitions. */
  async createTopic(topic: string): Promise<void> {
    const admin = new Admin({ clientId: 'bench', bootstrapBrokers: [this.bootstrap] });
    try {
      await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 });
    } finally {
      await admin.close();
    }
  }

  /** Records in a topic, ever; the port's type knows only ours. */
  async recordCount(topic: string): Promise<number> {
    return (await this.log.bounds(topic as Topic)).reduce((sum, { end }) => sum + end, 0);
  }

  /** Writes events to the topics without any API. */
  async fill(events: Iterable<GeneratedEvent>): Promise<number> {
    const inFlight = new Set<Promise<void>>();
    let count = 0;
    let group: { topic: Topic; key: string; value: Buffer }[] = [];
    const flush = async (): Promise<void> => {
      const appending = this.log.append(group).finally(() => inFlight.delete(appending));
      inFlight.add(appending);
      group = [];
      if (inFlight.size >= 4) await Promise.race(inFlight);
    };
    for (const { type, requestId, line } of events) {
      const topic = type === 'request' ? TOPICS.requests : TOPICS.responses;
      group.push({ topic, key: requestId, value: Buffer.from(line) });
      count++;
      if (group.length >= 5000) await flush();
    }
    if (group.length > 0) await flush();
    await Promise.all(inFlight);
    return count;
  }

  async stop(): Promise<void> {
    await this.log.close();
    await this.#kafka.stop();
  }
}

/** The database server that all contestants of a question share; each gets an empty database in it. */
export class BenchPostgres {
  readonly pid: number;
  readonly #postgres: RunningPostgres;
  #count = 0;

  private constructor(postgres: RunningPostgres) {
    this.#postgres = postgres;
    this.pid = postgres.pid;
  }

  static async start(): Promise<BenchPostgres> {
    return new BenchPostgres(await startPostgres({ own: true, settings: { shared_buffers: '256MB' } }));
  }

  /** @returns its data source name */
  async newDatabase(): Promise<string> {
    const name = `bench_${++this.#count}`;
    const client = new Client({ connectionString: this.#postgres.dsn });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return this.#postgres.dsn.replace('/streamlens?', `/${name}?`);
  }

  async stop(): Promise<void> {
    await this.#postgres.stop();
  }
}
