import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { allInSync, ledByOthers } from '../broker-leaders.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);

suite('Faults of one of three brokers under load', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 3, processors: 2 });
  });
  after(() => cluster?.stop());

  test('each is killed and restarted in turn, leaders move, and every call counts once', async (t) => {
    const plan = planOf('brokers');
    await using traffic = new Traffic({ plan, seed: 1, urls: cluster.ingestionUrls, callsPerSecond: 400 });
    for (const broker of cluster.kafka.brokers) {
      await traffic.flows();
      await broker.kill('SIGKILL');
      await ledByOthers(cluster.kafka.bootstrap, broker.id);
      await traffic.flows();
      await broker.restart();
      await allInSync(cluster.kafka.bootstrap);
    }
    await traffic.flows();
    await traffic.stop();
    t.diagnostic(`answers ${JSON.stringify([...traffic.answers])}, silent for ${Math.round(traffic.silenceMsMax)} ms`);
    await assertExact(cluster, traffic, plan);
    assert.ok(
      cluster.roles.every((role) => role.isRunning),
      'every process lives',
    );
  });

  test('one is frozen for longer than its session, and every call counts once', async () => {
    const plan = planOf('frozen');
    await using traffic = new Traffic({ plan, seed: 2, urls: cluster.ingestionUrls, callsPerSecond: 400 });
    const [, broker] = cluster.kafka.brokers;
    assert.ok(broker !== undefined);
    await traffic.flows();
    await broker.kill('SIGSTOP');
    await ledByOthers(cluster.kafka.bootstrap, broker.id);
    await traffic.flows();
    await broker.kill('SIGCONT');
    await traffic.flows();
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });
});
