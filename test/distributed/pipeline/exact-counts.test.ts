import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);

suite('Three processors on a real Kafka and Postgres', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 3, ingestionApis: 2 });
  });
  after(() => cluster?.stop());

  test('every acknowledged call is counted once: in the API, the view, the topic and the books', async () => {
    const plan = planOf('happy');
    const traffic = new Traffic({ plan, seed: 1, urls: cluster.ingestionUrls });
    await traffic.flows(3_000);
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });
});
