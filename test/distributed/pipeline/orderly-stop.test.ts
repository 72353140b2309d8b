import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const NOTICED_MS_MAX = 60_000;

suite('A processor that is asked to stop while Kafka gives no answer', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 1 });
  });
  after(() => cluster?.stop());

  test('ends with 0 all the same, and every call counts once', async () => {
    const plan = planOf('stop');
    await using traffic = new Traffic({ plan, seed: 1, urls: cluster.ingestionUrls, callsPerSecond: 200 });
    await traffic.flows();
    const [processor] = cluster.processors;
    const [broker] = cluster.kafka.brokers;
    await broker?.kill('SIGSTOP');
    try {
      const isReady = async () => (await fetch(`${processor?.url}/ready`)).ok;
      await until('it is not ready', async () => !(await isReady()), NOTICED_MS_MAX);
      await processor?.stop();
    } finally {
      await broker?.kill('SIGCONT');
    }
    await processor?.startReady();
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });
});
