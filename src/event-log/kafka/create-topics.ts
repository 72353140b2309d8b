import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { INPUT_TOPICS, TOPICS, type Topic } from '../../events/topics.ts';
import { backOff } from './backoff.ts';
import { clientOptions } from './client-options.ts';
import { asStorageError, kafkaErrorIds } from './kafka-errors.ts';
import type { KafkaSettings } from './kafka-settings.ts';

export interface CreateTopicsOptions {
  /** How many partitions each topic gets. */
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  /** Adds partitions to topics that have fewer. Keys move then: see `docs/operations.md`. */
  readonly grow?: boolean;
}

/** What became of one topic, or how it differs from what was asked. */
export interface TopicReport {
  readonly topic: Topic;
  readonly outcome: 'created' | 'kept' | 'grown';
  readonly partitions: number;
  /** Sentences for an operator; empty where all is as it should be. */
  readonly differences: readonly string[];
}

type TopicSettings = Readonly<Record<string, string>>;

/** The log stamps the events, since the join's time is the log's. Events are deleted by age, which the broker sets. */
const EVENTS: TopicSettings = { 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'delete' };

const SETTINGS: Readonly<Record<Topic, TopicSettings>> = {
  [TOPICS.requests]: EVENTS,
  [TOPICS.responses]: EVENTS,
  [TOPICS.evaluations]: EVENTS,
  [TOPICS.reports]: EVENTS,
  // A row's newest revision replaces the older ones.
  [TOPICS.metrics]: { 'cleanup.policy': 'compact' },
  [TOPICS.deadLetters]: { 'cleanup.policy': 'delete' },
};

/** How long brokers may take until all know of a new topic. */
const VISIBLE_TRIES_MAX = 20;

/**
 * Creates the topics that are missing and says how the others differ; may be repeated. Changes nothing of what exists
 * unless `grow` is set.
 *
 * @throws {StorageError} where Kafka cannot be reached or refuses.
 */
export async function createTopics(
  settings: KafkaSettings,
  options: CreateTopicsOptions,
): Promise<readonly TopicReport[]> {
  const admin = new Admin(clientOptions(settings));
  try {
    const existing = new Set(await admin.listTopics());
    const topics = Object.values(TOPICS);
    const created = new Set<Topic>();
    for (const topic of topics) {
      if (!existing.has(topic) && (await createOne(admin, topic, options))) created.add(topic);
    }
    const counts = await partitionCounts(admin, topics);
    const grown = topics.filter((topic) => options.grow === true && (counts.get(topic) ?? 0) < options.partitions);
    if (grown.length > 0) {
      const wanted = grown.map((name) => ({ name, count: options.partitions, assignments: null }));
      await admin.createPartitions({ topics: wanted });
      for (const topic of grown) counts.set(topic, options.partitions);
    }
    const configs = await currentSettings(admin, topics);
    return topics.map((topic) => ({
      topic,
      outcome: created.has(topic) ? 'created' : grown.includes(topic) ? 'grown' : 'kept',
      partitions: counts.get(topic) ?? 0,
      differences: differencesOf(topic, counts, configs.get(topic) ?? new Map(), options),
    }));
  } catch (error) {
    throw asStorageError(error, 'Creating the topics');
  } finally {
    await admin.close().catch(() => undefined);
  }
}

/**
 * Reports what `createTopics` would, without creating or changing anything; a missing topic has 0 partitions.
 *
 * @throws {StorageError} where Kafka cannot be reached or refuses.
 */
export async function inspectTopics(settings: KafkaSettings, partitions: number): Promise<readonly TopicReport[]> {
  const admin = new Admin(clientOptions(settings));
  try {
    const existing = new Set(await admin.listTopics());
    const found = Object.values(TOPICS).filter((topic) => existing.has(topic));
    const counts = found.length === 0 ? new Map<string, number>() : await partitionCounts(admin, found);
    const configs = found.length === 0 ? new Map<string, Map<string, string>>() : await currentSettings(admin, found);
    const options = { partitions, replicationFactor: -1 };
    return Object.values(TOPICS).map((topic) => {
      const isThere = existing.has(topic);
      const differences = isThere ? differencesOf(topic, counts, configs.get(topic) ?? new Map(), options) : [];
      return { topic, outcome: 'kept', partitions: counts.get(topic) ?? 0, differences };
    });
  } catch (error) {
    throw asStorageError(error, 'Looking at the topics');
  } finally {
    await admin.close().catch(() => undefined);
  }
}

/** False where somebody else created it meanwhile. */
async function createOne(
  admin: Admin,
  topic: Topic,
  { partitions, replicationFactor }: CreateTopicsOptions,
): Promise<boolean> {
  // With three replicas one may fail without a loss or a stop. Fewer cannot promise that, -1 leaves it to the broker.
  const safety: TopicSettings = replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {};
  const configs = Object.entries({ ...SETTINGS[topic], ...safety }).map(([name, value]) => ({ name, value }));
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: replicationFactor, configs });
    return true;
  } catch (error) {
    if (kafkaErrorIds(error).includes('TOPIC_ALREADY_EXISTS')) return false;
    throw error;
  }
}

async function partitionCounts(admin: Admin, topics: readonly Topic[]): Promise<Map<string, number>> {
  for (let attempt = 0; ; attempt++) {
    try {
      const metadata = await admin.metadata({ topics: [...topics], forceUpdate: true });
      return new Map(topics.map((topic) => [topic, metadata.topics.get(topic)?.partitionsCount ?? 0]));
    } catch (error) {
      if (attempt >= VISIBLE_TRIES_MAX) throw error;
      await backOff(attempt, NEVER);
    }
  }
}

const NEVER = new AbortController().signal;

async function currentSettings(
  admin: Admin,
  topics: readonly Topic[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const resources = topics.map((resourceName) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName }));
  const described = await admin.describeConfigs({ resources });
  return new Map(
    described.map(({ resourceName, configs }) => [
      resourceName,
      new Map(configs.map(({ name, value }) => [name, value ?? ''])),
    ]),
  );
}

function differencesOf(
  topic: Topic,
  counts: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, string>,
  { partitions }: CreateTopicsOptions,
): readonly string[] {
  const count = counts.get(topic) ?? 0;
  const isInput = INPUT_TOPICS.some((input) => input === topic);
  const inputCountMax = Math.max(...INPUT_TOPICS.map((input) => counts.get(input) ?? 0));
  const differences: string[] = [];
  if (isInput && count < inputCountMax) {
    differences.push(
      `${topic} has ${count} partitions, another input topic ${inputCountMax}: they must be equal. Run \`streamlens topics create\` with KAFKA_PARTITIONS=${inputCountMax} and --grow`,
    );
  } else if (count !== partitions) {
    differences.push(`${topic} has ${count} partitions instead of ${partitions}`);
  }
  for (const [name, wanted] of Object.entries(SETTINGS[topic])) {
    const value = found.get(name);
    if (value !== undefined && value !== wanted) {
      differences.push(
        `${topic} has ${name}=${value} instead of ${wanted}. Change it with Kafka's own tools if it is not meant so`,
      );
    }
  }
  return differences;
}
