import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Admin, Producer } from '@platformatic/kafka';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { endOf, keysOfPartition, readFrom, slowly, textOf } from '../../src/event-log/event-log-builders.contract.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaSettings } from '../../src/event-log/kafka/kafka-settings.ts';
import { INPUT_TOPICS, TOPICS } from '../../src/events/topics.ts';
import { StorageError } from '../../src/storage/storage-error.ts';

const skip = skipWithout(await availableServices(), ['kafka']);

const TOPICS_COUNT = Object.keys(TOPICS).length;

suite('Topics on a real Kafka', { skip }, () => {
  let kafka: RunningKafka;
  let admin: Admin;

  before(async () => {
    kafka = await startKafka({ brokers: 1, own: true, quickJit: true });
    admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.bootstrap] });
  });
  after(async () => {
    await admin?.close();
    await kafka?.stop();
  });

  const settings = (): KafkaSettings => ({
    brokers: [kafka.bootstrap],
    clientId: 'topics',
    groupId: 'topics',
    compression: 'none',
  });
  const withLog = async (use: (log: KafkaEventLog) => Promise<void>): Promise<void> => {
    const log = new KafkaEventLog(settings());
    try {
      await use(log);
    } finally {
      await log.close();
    }
  };

  test('without topics every use says to create them', async () => {
    await withLog(async (log) => {
      await Promise.all([
        assert.rejects(log.partitionCount(), isMissing),
        assert.rejects(log.append([{ topic: TOPICS.requests, key: 'k', value: Buffer.from('v') }]), isMissing),
        assert.rejects(log.checkHealth(), isMissing),
      ]);
    });
  });

  test('topics are created once, with the stamps of the log on the inputs', async () => {
    const first = await createTopics(settings(), { partitions: 3, replicationFactor: 1 });
    const second = await createTopics(settings(), { partitions: 3, replicationFactor: 1 });
    assert.deepEqual(
      first.map(({ outcome }) => outcome),
      Array.from({ length: TOPICS_COUNT }, () => 'created'),
    );
    assert.deepEqual(
      second.map(({ outcome }) => outcome),
      Array.from({ length: TOPICS_COUNT }, () => 'kept'),
    );
    assert.deepEqual(
      [...first, ...second].flatMap(({ differences }) => differences),
      [],
    );
    const [described] = await admin.describeConfigs({
      resources: [{ resourceType: 2, resourceName: TOPICS.requests }],
    });
    const stamps = described?.configs.find(({ name }) => name === 'message.timestamp.type');
    assert.equal(stamps?.value, 'LogAppendTime');
  });

  test('offsets reported to a group can be seen by lag tools for every input topic', async () => {
    await withLog(async (log) => {
      const member = await log.joinGroup({ onAssigned: () => {}, onRevoked: async () => {}, onLost: () => {} });
      await member.reportProgress(INPUT_TOPICS.map((topic, i) => ({ topic, partition: i % 3, offset: 10 + i })));
      const [group] = await admin.listConsumerGroupOffsets({ groups: ['topics'] });
      const committed = group?.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset }) => [name, partitionIndex, Number(committedOffset)]),
      );
      assert.deepEqual(new Set(committed), new Set(INPUT_TOPICS.map((topic, i) => [topic, i % 3, 10 + i])));
      await member.leave();
    });
  });

  test('reading at an offset that retention dropped goes on with the oldest record kept', async () => {
    await withLog(async (log) => {
      const [key = ''] = keysOfPartition(0, 3, 1);
      const position = await endOf(log, TOPICS.responses, 0);
      for (const text of ['a', 'b', 'c'])
        await log.append([{ topic: TOPICS.responses, key, value: Buffer.from(text) }]);
      const dropBefore = BigInt(position.offset + 2);
      await admin.deleteRecords({
        topics: [{ name: TOPICS.responses, partitions: [{ partition: 0, offset: dropBefore }] }],
      });
      assert.deepEqual((await readFrom(log, position, 1)).map(textOf), ['c']);
      const range = { topic: TOPICS.responses, partition: 0, from: position.offset, to: position.offset + 3 } as const;
      assert.deepEqual((await log.readRange(range)).map(textOf), ['c']);
    });
  });

  test('records of aborted transactions are never read, and reading goes past them', async () => {
    const producer = new Producer({
      clientId: 'tx',
      bootstrapBrokers: [kafka.bootstrap],
      idempotent: true,
      transactionalId: 'tx',
    });
    await withLog(async (log) => {
      const position = await endOf(log, TOPICS.evaluations, 1);
      for (const [text, ending] of [
        ['kept', 'commit'],
        ['dropped', 'abort'],
        ['kept too', 'commit'],
      ] as const) {
        const transaction = await producer.beginTransaction({});
        const message = { topic: TOPICS.evaluations, partition: 1, key: Buffer.from('k'), value: Buffer.from(text) };
        await transaction.send({ messages: [message] });
        await transaction[ending]();
      }
      assert.deepEqual((await readFrom(log, position, 2)).map(textOf), ['kept', 'kept too']);
    });
    await producer.close();
  });

  test('partitions grow when asked, and readers and writers follow', async () => {
    await withLog(async (log) => {
      assert.equal(await log.partitionCount(), 3);
      const grown = await createTopics(settings(), { partitions: 5, replicationFactor: 1, grow: true });
      assert.deepEqual(
        grown.map(({ outcome, partitions }) => [outcome, partitions]),
        Array.from({ length: TOPICS_COUNT }, () => ['grown', 5]),
      );
    });
    await withLog(async (log) => assert.equal(await log.partitionCount(), 5));
  });

  /** One processor hears of it seconds before another, which takes its partitions over and reads where it stood. */
  test('what lies in new partitions is read also by who has looked at the topics before they grew', async () => {
    const [topic, added] = [TOPICS.responses, 5];
    const at = { topic, partition: added, offset: 0 } as const;
    const uses: readonly ((log: KafkaEventLog) => Promise<unknown>)[] = [
      async (log) => (await log.poll([at], { bytesMax: 1_000, waitMs: 0 })).map(({ endOffset }) => endOffset),
      (log) => log.offsetAt(topic, added, 0),
      async (log) => (await log.readRange({ ...at, from: 0, to: 1 })).map(({ offset }) => offset),
      // It knows one of the topics from before, and looks the others up only now.
      (log) => log.partitionCount(),
    ];
    const logs = uses.map(() => new KafkaEventLog(settings()));
    try {
      for (const log of logs) assert.equal((await log.bounds(topic)).length, added);
      await createTopics(settings(), { partitions: added + 1, replicationFactor: 1, grow: true });
      // The broker itself knows of them after a moment.
      while ((await partitionCountOf(settings())) <= added) await slowly(50);
      const [key = ''] = keysOfPartition(added, added + 1, 1);
      await withLog((log) => log.append([{ topic, key, value: Buffer.from('the first there') }]));
      const seen = await Promise.all(uses.map((use, index) => use(logs[index] as KafkaEventLog)));
      assert.deepEqual(seen, [[1], 0, [0], added + 1]);
    } finally {
      await Promise.all(logs.map((log) => log.close()));
    }
    await withLog((log) => assert.rejects(log.offsetAt(topic, added + 1, 0), /has no partition 6, only 6/));
  });

  test('a group tells its members of partitions that were added', async () => {
    await withLog(async (log) => {
      const owned = new Set<number>();
      const member = await log.joinGroup({
        onAssigned: (partitions) => {
          for (const partition of partitions) owned.add(partition);
        },
        onRevoked: async () => {},
        onLost: () => {},
      });
      await createTopics(settings(), { partitions: 7, replicationFactor: 1, grow: true });
      for (let waitedMs = 0; owned.size < 7 && waitedMs < 20_000; waitedMs += 100) await slowly(100);
      assert.deepEqual(
        [...owned].sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6],
      );
      await member.leave();
    });
  });

  test('input topics with unequal partition counts are refused by name, and so explained when topics are created', async () => {
    await admin.createPartitions({ topics: [{ name: TOPICS.requests, count: 8, assignments: null }] });
    await withLog(async (log) => {
      await assert.rejects(log.partitionCount(), /llm\.requests has 8, llm\.responses has 7, llm\.evaluations has 7/);
      await assert.rejects(
        log.joinGroup({ onAssigned: () => {}, onRevoked: async () => {}, onLost: () => {} }),
        /equal partition counts/,
      );
    });
    const reports = await createTopics(settings(), { partitions: 7, replicationFactor: 1 });
    const explained = reports.find(({ topic }) => topic === TOPICS.responses)?.differences ?? [];
    assert.match(explained[0] ?? '', /must be equal/);
  });
});

test('brokers that cannot be reached are called so', { skip }, async () => {
  const log = new KafkaEventLog({
    brokers: ['127.0.0.1:1'],
    clientId: 'nobody',
    groupId: 'nobody',
    compression: 'none',
  });
  await assert.rejects(
    log.checkHealth(),
    (error) => error instanceof StorageError && error.code === 'unavailable' && error.message.includes('KAFKA_BROKERS'),
  );
  await log.close();
});

function isMissing(error: unknown): boolean {
  return (
    error instanceof StorageError &&
    error.code === 'misconfigured' &&
    error.message.includes('streamlens topics create')
  );
}

/** As somebody sees it who looks for the first time; 0 while not all topics have grown. */
async function partitionCountOf(settings: KafkaSettings): Promise<number> {
  const log = new KafkaEventLog(settings);
  try {
    return await log.partitionCount().catch(() => 0);
  } finally {
    await log.close();
  }
}
