import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { createTopics } from '../../../src/event-log/kafka/create-topics.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const GROWN = 12;
/** Writers and readers look at the topics every few seconds. */
const NOTICED_MS = 12_000;

suite('Topics that grow under load', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 3 });
  });
  after(() => cluster?.stop());

  test('from 6 to 12 partitions while calls are open, every call counts once, also when a processor is killed', async () => {
    const plan = planOf('growth');
    await using traffic = new Traffic({ plan, seed: 1, urls: cluster.ingestionUrls, callsPerSecond: 400 });
    await traffic.flows();
    await createTopics(cluster.kafkaSettings, { partitions: GROWN, replicationFactor: 1, grow: true });
    await sleep(NOTICED_MS);
    await traffic.flows();
    const [processor] = cluster.processors;
    await processor?.end('SIGKILL');
    await processor?.startReady();
    await traffic.flows();
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
    const written = await cluster.withLog((log) => log.bounds('llm.requests'));
    assert.equal(written.length, GROWN);
    assert.ok(
      written.slice(GROWN / 2).every(({ end }) => end > 0),
      'the new partitions were written to',
    );
  });

  test('to what is no multiple, a processor says what would be one', async () => {
    await createTopics(cluster.kafkaSettings, { partitions: 16, replicationFactor: 1, grow: true });
    const processor = await cluster.role('metrics-processor');
    processor.start();
    const { code } = await processor.ended();
    assert.equal(code, 1);
    assert.match(processor.log, /grow the topics to a multiple of 6/);
  });
});
