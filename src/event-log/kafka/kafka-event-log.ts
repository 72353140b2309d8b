import { setTimeout as sleep } from 'node:timers/promises';
import { INPUT_TOPICS, type InputTopic, type Topic } from '../../events/topics.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type {
  EventLog,
  GroupListener,
  GroupMember,
  LogPosition,
  LogRange,
  LogRecord,
  LogSlice,
  NewRecord,
  OffsetBounds,
  PollLimits,
} from '../event-log.ts';
import { joinKafkaGroup } from './join-kafka-group.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { KafkaConnections } from './kafka-connections.ts';
import { asStorageError } from './kafka-errors.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { KafkaReader } from './kafka-reader.ts';
import { KafkaRequestMetrics } from './kafka-request-metrics.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { EARLIEST, LATEST, listOffsets } from './list-offsets.ts';

/** What an orderly end may take; a process has 10 s for all of it. */
const DRAIN_MS_MAX = 5_000;

/** The event log on Kafka 2.4 or newer, or Redpanda. Nothing is opened before it is used. */
export class KafkaEventLog implements EventLog {
  readonly metrics = new KafkaRequestMetrics();
  readonly #settings: KafkaSettings;
  readonly #connections: KafkaConnections;
  readonly #cluster: KafkaCluster;
  /** Null where no compression was chosen: such a log is read only. */
  readonly #producer: KafkaProducer | null;
  readonly #reader: KafkaReader;
  readonly #members = new Set<GroupMember>();
  #isClosed = false;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#connections = new KafkaConnections(settings);
    this.#cluster = new KafkaCluster(this.#connections);
    const { compression, valuePrefixes } = settings;
    this.#producer =
      compression === undefined
        ? null
        : new KafkaProducer(this.#cluster, this.#connections, { compression, valuePrefixes });
    this.#reader = new KafkaReader(this.#cluster, this.#connections);
  }

  async append(records: readonly NewRecord[]): Promise<void> {
    this.#checkOpen();
    if (this.#producer === null) throw new StorageError('misconfigured', 'The log was opened to be read only');
    await this.#producer.append(records);
  }

  async partitionCount(): Promise<number> {
    this.#checkOpen();
    let counts = await this.#partitionCounts();
    if (new Set(counts).size > 1) {
      // What is known of one topic may be from before all of them grew, and of another from after it.
      for (const topic of INPUT_TOPICS) this.#cluster.markStale(topic);
      counts = await this.#partitionCounts();
    }
    const [first = 0] = counts;
    if (new Set(counts).size === 1) return first;
    const found = INPUT_TOPICS.map((topic, i) => `${topic} has ${counts[i]}`).join(', ');
    throw new StorageError(
      'misconfigured',
      `The input topics must have equal partition counts, but ${found}. Run \`streamlens topics create\` to see how to mend it`,
    );
  }

  async poll(wanted: readonly LogPosition[], limits: PollLimits): Promise<readonly LogSlice[]> {
    this.#checkOpen();
    return this.#reader.poll(wanted, limits);
  }

  async readRange(range: LogRange): Promise<readonly LogRecord[]> {
    this.#checkOpen();
    return this.#reader.readRange(range);
  }

  async offsetAt(topic: InputTopic, partition: number, atMs: number): Promise<number> {
    this.#checkOpen();
    // Negative instants have meanings of their own in Kafka.
    const found = (await this.#offsets(topic, [partition], Math.max(0, atMs))).get(partition);
    return found ?? (await this.#offsets(topic, [partition], LATEST)).get(partition) ?? 0;
  }

  async bounds(topic: Topic): Promise<readonly OffsetBounds[]> {
    this.#checkOpen();
    const partitions = Array.from({ length: await this.#cluster.partitionCountOf(topic) }, (_, partition) => partition);
    const [starts, ends] = await Promise.all([
      this.#offsets(topic, partitions, EARLIEST),
      this.#offsets(topic, partitions, LATEST),
    ]);
    return partitions.map((partition) => ({
      partition,
      start: starts.get(partition) ?? 0,
      end: ends.get(partition) ?? 0,
    }));
  }

  async joinGroup(listener: GroupListener): Promise<GroupMember> {
    await this.partitionCount();
    const { groupId } = this.#settings;
    if (groupId === undefined) throw new StorageError('misconfigured', 'The log was opened without a consumer group');
    const context = { groupId, settings: this.#settings, cluster: this.#cluster, connections: this.#connections };
    const joined = await joinKafkaGroup(context, listener);
    const member: GroupMember = {
      named: joined.named,
      reportProgress: (positions) => joined.reportProgress(positions),
      leave: async () => {
        this.#members.delete(member);
        await joined.leave();
      },
    };
    this.#members.add(member);
    return member;
  }

  /** One question, without another try: who asks for health wants the answer now. */
  async checkHealth(): Promise<void> {
    this.#checkOpen();
    try {
      await this.#cluster.lookUpOnce(INPUT_TOPICS);
    } catch (error) {
      throw asStorageError(error, 'Asking Kafka for its topics');
    }
    await this.partitionCount();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const timer = new AbortController();
    const timeUp = sleep(DRAIN_MS_MAX, undefined, { signal: timer.signal }).catch(() => undefined);
    const orderly = Promise.allSettled([
      this.#producer?.drain(),
      ...[...this.#members].map((member) => member.leave()),
    ]);
    await Promise.race([orderly, timeUp]);
    timer.abort();
    await this.#connections.close();
    this.metrics.close();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StorageError('unavailable', 'The event log was closed');
  }

  #partitionCounts(): Promise<number[]> {
    return Promise.all(INPUT_TOPICS.map((topic) => this.#cluster.partitionCountOf(topic)));
  }

  #offsets(topic: string, partitions: readonly number[], atMs: number): Promise<ReadonlyMap<number, number | null>> {
    return listOffsets({ cluster: this.#cluster, connections: this.#connections }, { topic, partitions, atMs });
  }
}
