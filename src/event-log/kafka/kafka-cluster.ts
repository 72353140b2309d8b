import { type Broker, metadataV7 } from '@platformatic/kafka';
import { StorageError } from '../../storage/storage-error.ts';
import { backOff } from './backoff.ts';
import type { KafkaConnections } from './kafka-connections.ts';
import { asStorageError, isRetriable, kafkaErrorIds } from './kafka-errors.ts';

/**
 * Kafka tells of a moved leader by an error, so this age matters only where partitions are added: until all writers
 * have noticed, a request and its response may go to different partitions.
 */
const FRESH_MS_MAX = 10_000;
/** How long what is missing is waited for: a broker knows of a new topic or partition after some 100 ms. */
const LOOKUP_MS_MAX = 5_000;

type MetadataResponse = Awaited<ReturnType<typeof metadataV7.api.async>>;

interface TopicMetadata {
  /** Node ids of the leaders, the index being the partition; -1 where there is none now. */
  readonly leaders: readonly number[];
  readonly fetchedAtMs: number;
}

export interface Leader extends Broker {
  readonly id: number;
}

/** What is known of the cluster: who leads which partition. Asked once, and again when an answer proves it stale. */
export class KafkaCluster {
  readonly #connections: KafkaConnections;
  #brokers = new Map<number, Broker>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #staleTopics = new Set<string>();
  #refreshing: Promise<void> | null = null;

  constructor(connections: KafkaConnections) {
    this.#connections = connections;
  }

  /**
   * The leader's address; null while there is none.
   *
   * @throws {StorageError} `misconfigured` where topic or partition are missing.
   */
  async leaderOf(topic: string, partition: number): Promise<Leader | null> {
    let { leaders } = await this.#topic(topic);
    // Who asks for it has heard of it, from another process's commit for one, and what we know may be older than that.
    const giveUpAtMs = Date.now() + LOOKUP_MS_MAX;
    for (let attempt = 0; leaders.length <= partition && Date.now() < giveUpAtMs; attempt++) {
      if (attempt > 0) await backOff(attempt - 1, this.#connections.closed);
      this.markStale(topic);
      ({ leaders } = await this.#topic(topic));
    }
    const id = leaders[partition];
    if (id === undefined) {
      throw new StorageError('misconfigured', `${topic} has no partition ${partition}, only ${leaders.length}`);
    }
    const broker = this.#brokers.get(id);
    return broker === undefined ? null : { ...broker, id };
  }

  /** @throws {StorageError} `misconfigured` where the topic is missing. */
  async partitionCountOf(topic: string): Promise<number> {
    return (await this.#topic(topic)).leaders.length;
  }

  brokers(): readonly Broker[] {
    return [...this.#brokers.values()];
  }

  /** The topic's leaders are asked for before they are used again. */
  markStale(topic: string): void {
    this.#staleTopics.add(topic);
  }

  /** Asks for all known topics now. @throws {StorageError} where no broker answers. */
  async refresh(): Promise<void> {
    // Many requests find out at once that a leader moved: one question serves them all.
    this.#refreshing ??= this.#fetchMetadata([...this.#topics.keys()]).finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  /** Asks for these topics once, without another try. Rejects with the library's errors. */
  async lookUpOnce(topics: readonly string[]): Promise<void> {
    await this.#fetchMetadata([...topics]);
  }

  async #topic(topic: string): Promise<TopicMetadata> {
    const giveUpAtMs = Date.now() + LOOKUP_MS_MAX;
    for (let attempt = 0; ; attempt++) {
      const known = this.#fresh(topic);
      if (known !== undefined) return known;
      this.#connections.checkOpen();
      if (attempt > 0) await backOff(attempt - 1, this.#connections.closed);
      const failure = await this.#lookUp(topic);
      const isLasting = failure !== null && (!isRetriable(failure) || Date.now() > giveUpAtMs);
      // Another topic's failure is not this one's.
      if (isLasting && this.#fresh(topic) === undefined) throw asStorageError(failure, `Looking up ${topic}`);
    }
  }

  #fresh(topic: string): TopicMetadata | undefined {
    const known = this.#topics.get(topic);
    const isFresh = known !== undefined && Date.now() - known.fetchedAtMs < FRESH_MS_MAX;
    return isFresh && !this.#staleTopics.has(topic) ? known : undefined;
  }

  async #lookUp(topic: string): Promise<unknown> {
    try {
      if (this.#topics.has(topic)) await this.refresh();
      else await this.#fetchMetadata([topic]);
      return null;
    } catch (error) {
      return error;
    }
  }

  async #fetchMetadata(topics: string[]): Promise<void> {
    const connection = await this.#connections.forBootstrap(this.brokers());
    let response: MetadataResponse;
    try {
      response = await metadataV7.api.async(connection, topics, false);
    } catch (error) {
      // One topic's error must not hide the others' leaders; the library hangs the whole answer on it.
      const whole = responseOf(error);
      if (whole === null) throw error;
      this.#take(whole);
      // A partition without a leader is not a failed lookup: its leader is -1 until one is elected.
      if (kafkaErrorIds(error).some((id) => id !== 'LEADER_NOT_AVAILABLE' && id !== 'REPLICA_NOT_AVAILABLE'))
        throw error;
      return;
    }
    this.#take(response);
  }

  #take(response: MetadataResponse): void {
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { errorCode, name, partitions } of response.topics) {
      if (errorCode !== 0) continue;
      const leaders: number[] = [];
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
      this.#topics.set(name, { leaders, fetchedAtMs: Date.now() });
      this.#staleTopics.delete(name);
    }
  }
}

function responseOf(error: unknown): MetadataResponse | null {
  const { response } = error as { response?: MetadataResponse };
  return response?.topics === undefined ? null : response;
}
