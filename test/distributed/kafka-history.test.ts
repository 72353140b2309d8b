import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import type { EventLog, LogRange } from '../../src/event-log/event-log.ts';
import { anId, keyOf } from '../../src/event-log/event-log-builders.contract.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaSettings } from '../../src/event-log/kafka/kafka-settings.ts';
import { TOPICS } from '../../src/events/topics.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { allInSync, ledByOthers } from './broker-leaders.ts';

const skip = skipWithout(await availableServices(), ['kafka']);
const topic = TOPICS.responses;

/**
 * Followers ask the leader with a long poll, and a new leader knows what is acknowledged by their next question. By
 * Kafka's default that takes up to half a second, here up to eight.
 */
const SLOW_FOLLOWERS = { 'replica.fetch.wait.max.ms': '8000' };

suite('History on three Kafka brokers', { skip }, () => {
  let kafka: RunningKafka;
  let log: KafkaEventLog;
  before(async () => {
    kafka = await startKafka({ brokers: 3, own: true, quickJit: true, properties: SLOW_FOLLOWERS });
    const settings: KafkaSettings = { brokers: kafka.bootstrap.split(','), clientId: 'history', compression: 'lz4' };
    await createTopics(settings, { partitions: 6, replicationFactor: 3 });
    log = new KafkaEventLog(settings);
    await allInSync(kafka.bootstrap);
  });
  after(async () => {
    await log?.close();
    await kafka?.stop();
  });

  test('a leader that does not know yet what is acknowledged is waited for, and no record is passed over', async () => {
    const keys = Array.from({ length: 600 }, anId);
    for (let at = 0; at < keys.length; at += 100) {
      const some = keys.slice(at, at + 100);
      await log.append(some.map((key) => ({ topic, key, value: Buffer.from(key) })));
    }
    const bounds = await log.bounds(topic);
    const [broker] = kafka.brokers;
    assert.ok(broker !== undefined);
    await broker.kill('SIGKILL');
    await ledByOthers(kafka.bootstrap, broker.id);
    const read = await Promise.all(
      bounds.map(({ partition, start, end }) => insist(log, { topic, partition, from: start, to: end })),
    );
    const found = read.flat();
    assert.equal(found.length, keys.length, 'records of the range are missing');
    assert.deepEqual(new Set(found), new Set(keys));
  });
});

/** The keys of a range, page by page. As the processor does, it goes on where it was when the log cannot be read now. */
async function insist(reader: EventLog, range: LogRange): Promise<string[]> {
  const keys: string[] = [];
  for (let from = range.from; from < range.to; ) {
    try {
      const page = await reader.readRange({ ...range, from });
      if (page.length === 0) break;
      keys.push(...page.map((record) => keyOf(record) ?? ''));
      from = (page.at(-1)?.offset ?? range.to) + 1;
    } catch (error) {
      if (!(error instanceof StorageError && error.retryable)) throw error;
    }
  }
  return keys;
}
