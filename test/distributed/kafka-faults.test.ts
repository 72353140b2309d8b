import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import type { EventLog, GroupListener } from '../../src/event-log/event-log.ts';
import { anId, endOf, keysOfPartition, slowly, textOf } from '../../src/event-log/event-log-builders.contract.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaSettings } from '../../src/event-log/kafka/kafka-settings.ts';
import { TOPICS } from '../../src/events/topics.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { allInSync } from './broker-leaders.ts';

const skip = skipWithout(await availableServices(), ['kafka']);
const PARTITIONS = 6;

suite('Faults of three Kafka brokers', { skip }, () => {
  let kafka: RunningKafka;
  before(async () => {
    kafka = await startKafka({ brokers: 3, own: true, quickJit: true });
    await createTopics(settings(), { partitions: PARTITIONS, replicationFactor: 3 });
  });
  after(() => kafka?.stop());

  const settings = (): KafkaSettings => ({
    brokers: kafka.bootstrap.split(','),
    clientId: 'faults',
    groupId: 'faults',
    compression: 'lz4',
  });

  test('what was acknowledged while brokers were killed and restarted is read once each, and nothing else is', async () => {
    const log = new KafkaEventLog(settings());
    const earlier = await log.bounds(TOPICS.requests);
    const traffic = new Traffic(log);
    for (const broker of kafka.brokers) {
      await slowly(500);
      await broker.kill('SIGKILL');
      await slowly(1_500);
      await broker.restart();
      await allInSync(kafka.bootstrap);
    }
    await traffic.stop();
    const keys = await readAll(log, earlier);
    assert.ok(traffic.acknowledged.size > 500, `only ${traffic.acknowledged.size} events went through`);
    assert.deepEqual(
      [...traffic.acknowledged].filter((key) => !keys.has(key)),
      [],
      'acknowledged events are missing',
    );
    assert.deepEqual(
      [...keys].filter(([, count]) => count > 1),
      [],
      'events were written twice',
    );
    assert.deepEqual(
      [...keys.keys()].filter((key) => !traffic.sent.has(key)),
      [],
      'events that nobody sent',
    );
    await log.close();
  });

  test('with two of three brokers dead an append says that replicas are missing, and goes through when they are back', async () => {
    const log = new KafkaEventLog(settings());
    const append = () => log.append([{ topic: TOPICS.requests, key: anId(), value: Buffer.from('v') }]);
    await append();
    const [first, second] = kafka.brokers;
    // Frozen, not killed: the quorum of controllers comes back at once.
    await Promise.all([first?.kill('SIGSTOP'), second?.kill('SIGSTOP')]);
    const startedAtMs = performance.now();
    await assert.rejects(
      Promise.all(Array.from({ length: 12 }, append)),
      (error) => error instanceof StorageError && error.code === 'unavailable',
    );
    assert.ok(performance.now() - startedAtMs < 30_000, 'it took too long to give up');
    await Promise.all([first?.kill('SIGCONT'), second?.kill('SIGCONT')]);
    await until(
      () =>
        append().then(
          () => true,
          () => false,
        ),
      60_000,
    );
    await log.close();
  });

  test('a member keeps its partitions while the coordinator of its group is killed', async () => {
    const log = new KafkaEventLog(settings());
    const owned = new Set<number>();
    const lost: Error[] = [];
    const member = await log.joinGroup(listenerOf(owned, lost));
    await until(async () => owned.size === PARTITIONS, 20_000);
    for (const broker of kafka.brokers) {
      await broker.kill('SIGKILL');
      await slowly(2_000);
      await broker.restart();
    }
    await until(async () => owned.size === PARTITIONS, 30_000);
    assert.deepEqual(lost, []);
    await member.leave();
    await log.close();
  });

  test('a member that was silent too long loses its partitions, and gets them again by itself', async () => {
    const log = new KafkaEventLog(settings());
    const owned = new Set<number>();
    const [lost, revoked]: [Error[], number[]] = [[], []];
    const member = await log.joinGroup(listenerOf(owned, lost, revoked));
    await until(async () => owned.size === PARTITIONS, 20_000);
    // This process stands still for longer than the session's 6 s, as under SIGSTOP: afterwards the group has forgotten it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000);
    await until(async () => revoked.length === PARTITIONS, 20_000);
    await until(async () => owned.size === PARTITIONS, 30_000);
    assert.deepEqual(lost, []);
    await member.leave();
    await log.close();
  });

  test('a log that ends before a position for a moment, as a broker that stood still has it, is not taken for another one', async () => {
    const log = new KafkaEventLog(settings());
    const end = await endOf(log, TOPICS.requests, 0);
    const [key = ''] = keysOfPartition(0, PARTITIONS, 1);
    const polled = log.poll([{ ...end, offset: end.offset + 1 }], { bytesMax: 10_000, waitMs: 10_000 });
    // Time for some answers that the position lies beyond the end.
    await slowly(500);
    for (const text of ['one', 'two']) await log.append([{ topic: TOPICS.requests, key, value: Buffer.from(text) }]);
    const [slice] = await polled;
    assert.deepEqual([...(slice?.records ?? [])].map(textOf), ['two']);
    await log.close();
  });
});

/** Appends small groups, several in flight, until stopped; remembers what was sent and what was acknowledged. */
class Traffic {
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  #isStopping = false;
  readonly #senders: Promise<void>[];

  constructor(log: EventLog) {
    this.#senders = Array.from({ length: 4 }, () => this.#run(log));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#senders);
  }

  async #run(log: EventLog): Promise<void> {
    while (!this.#isStopping) {
      const keys = Array.from({ length: 5 }, anId);
      for (const key of keys) this.sent.add(key);
      try {
        await log.append(keys.map((key) => ({ topic: TOPICS.requests, key, value: Buffer.from(key) })));
        for (const key of keys) this.acknowledged.add(key);
      } catch (error) {
        assert.ok(error instanceof StorageError && error.retryable, String(error));
      }
      await slowly(5);
    }
  }
}

function listenerOf(owned: Set<number>, lost: Error[], revoked: number[] = []): GroupListener {
  return {
    onAssigned: (partitions) => {
      for (const partition of partitions) owned.add(partition);
    },
    onRevoked: async (partitions) => {
      revoked.push(...partitions);
      for (const partition of partitions) owned.delete(partition);
    },
    onLost: (cause) => void lost.push(cause),
  };
}

/** How often each key appears, from the given ends on. */
async function readAll(
  log: EventLog,
  earlier: readonly { readonly partition: number; readonly end: number }[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const ends = await log.bounds(TOPICS.requests);
  for (const { partition, end: from } of earlier) {
    const to = ends[partition]?.end ?? 0;
    let position = { topic: TOPICS.requests, partition, offset: from };
    while (position.offset < to) {
      const [slice] = await log.poll([position], { bytesMax: 1_048_576, waitMs: 5_000 });
      for (const record of slice?.records ?? []) {
        const key = Buffer.from(record.key ?? []).toString();
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      position = { ...position, offset: slice?.nextOffset ?? position.offset };
    }
  }
  return counts;
}

/** Asks again and again until it holds. @throws when it does not come true in time */
async function until(holds: () => Promise<boolean>, msMax: number): Promise<void> {
  const giveUpAtMs = performance.now() + msMax;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAtMs, `it did not come true within ${msMax} ms`);
    await slowly(50);
  }
}
