import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { createTopics } from '../../../src/event-log/kafka/create-topics.ts';
import { TOPICS } from '../../../src/events/topics.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const GROWN = 12;
/** Writers and readers look at the topics every few seconds. */
const NOTICED_MS_MAX = 60_000;

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
    await until('writers notice that the topics grew', () => areNewWritten(cluster), NOTICED_MS_MAX);
    await until('processors notice that the topics grew', () => areNewRead(cluster), NOTICED_MS_MAX);
    await traffic.flows();
    const [processor] = cluster.processors;
    await processor?.end('SIGKILL');
    await processor?.startReady();
    await traffic.flows();
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });

  test('to what is no multiple, a processor says what would be one', async () => {
    await createTopics(cluster.kafkaSettings, { partitions: 16, replicationFactor: 1, grow: true });
    const processor = await cluster.role('metrics-processor');
    processor.start();
    const { code } = await processor.ended();
    assert.equal(code, 1, processor.log);
    assert.match(processor.log, /grow the topics to a multiple of 6/);
  });
});

/** Whether all partitions that were added have records. */
async function areNewWritten(cluster: Cluster): Promise<boolean> {
  const bounds = await cluster.withLog((log) => log.bounds(TOPICS.requests));
  return bounds.length === GROWN && bounds.slice(GROWN / 2).every(({ end }) => end > 0);
}

/** Whether each partition that was added is read by some processor. */
async function areNewRead({ processors }: Cluster): Promise<boolean> {
  const pages = await Promise.all(processors.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const lags = pages
    .flatMap((page) => page.split('\n'))
    .filter((line) => line.startsWith('streamlens_processor_lag_records{'));
  const read = lags.filter((line) => line.includes(`topic="${TOPICS.requests}"`));
  return Array.from({ length: GROWN / 2 }, (_, index) => GROWN / 2 + index).every((partition) =>
    read.some((line) => line.includes(`partition="${partition}"`)),
  );
}
