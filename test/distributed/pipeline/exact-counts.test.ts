import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { anId } from '../../../src/event-log/event-log-builders.contract.ts';
import { INPUT_TOPICS, TOPICS } from '../../../src/events/topics.ts';
import { Cluster } from './cluster.ts';
import { recordsOf } from './read-topic.ts';
import type { RoleProcess } from './role-process.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const STOP_MS_MAX = 10_000;

suite('Three processors on a real Kafka and Postgres', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 3, ingestionApis: 2 });
  });
  after(() => cluster?.stop());

  test('every acknowledged call counts once: in the API, the view, the topic and the books', async () => {
    const plan = planOf('happy');
    await using traffic = new Traffic({ plan, seed: 1, urls: cluster.ingestionUrls });
    await traffic.flows(2_000);
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });

  test('one of the processes that were started at once tells that it created the schema', () => {
    const creators = cluster.roles.filter(({ log }) => log.includes("Created the store's schema"));
    assert.equal(creators.length, 1);
  });

  test('each processor owns some partitions, and lag tools see the group at the end of every topic', async () => {
    const owners = cluster.processors.filter(({ log }) => log.includes('Took over a partition'));
    assert.equal(owners.length, 3);
    await until('the group has no lag', async () => (await lagOf(cluster)) === 0, 15_000);
  });

  test('a record that is no event lies among the dead letters, with its bytes', async () => {
    const key = anId();
    await cluster.withLog((log) => log.append([{ topic: TOPICS.responses, key, value: Buffer.from('{"broken') }]));
    let found: Letter | undefined;
    const hasCome = async () => {
      const letters = (await recordsOf(cluster, TOPICS.deadLetters)) as { key: string; value: Letter }[];
      found = letters.find((letter) => letter.key === key)?.value;
      return found !== undefined;
    };
    await until('the dead letter is published', hasCome, 15_000);
    assert.equal(found?.topic, TOPICS.responses);
    assert.equal(Buffer.from(found?.value_base64 ?? '', 'base64').toString(), '{"broken');
  });

  test('everything is restarted in turn under load: all exit with 0 within 10 s, and every call counts once', async () => {
    const plan = planOf('rolling');
    await using traffic = new Traffic({ plan, seed: 2, urls: cluster.ingestionUrls });
    await traffic.flows();
    for (const role of cluster.roles) {
      await assertStops(role);
      await role.startReady();
      await sleep(500);
    }
    await traffic.flows();
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });

  test('all processors stop at once, and what came meanwhile counts once when they are back', async () => {
    const plan = planOf('pause');
    await using traffic = new Traffic({ plan, seed: 3, urls: cluster.ingestionUrls });
    await traffic.flows();
    await Promise.all(cluster.processors.map(assertStops));
    await traffic.flows(1_000);
    await Promise.all(cluster.processors.map((processor) => processor.startReady('/health')));
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });
});

interface Letter {
  readonly topic: string;
  readonly reason: string;
  readonly value_base64: string;
}

async function assertStops(role: RoleProcess): Promise<void> {
  const { tookMs } = await role.stop();
  assert.ok(tookMs < STOP_MS_MAX, `it took ${tookMs} ms:\n${role.log}`);
}

/** As `kafka-consumer-groups --describe` adds it up. */
async function lagOf(cluster: Cluster): Promise<number> {
  const admin = new Admin({ clientId: 'lag', bootstrapBrokers: cluster.kafka.bootstrap.split(',') });
  try {
    const groupId = 'metrics-processor-group';
    const topics = INPUT_TOPICS.slice(0, 2);
    const [group] = await admin.listConsumerGroupOffsets({ groups: [groupId] });
    const offsets = new Map(
      group?.topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => [`${name}/${each.partitionIndex}`, Number(each.committedOffset)] as const),
      ),
    );
    return await cluster.withLog(async (log) => {
      let lag = 0;
      for (const topic of topics) {
        for (const { partition, end } of await log.bounds(topic))
          lag += end - (offsets.get(`${topic}/${partition}`) ?? 0);
      }
      return lag;
    });
  } finally {
    await admin.close();
  }
}
