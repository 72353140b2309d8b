import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { queryOnce } from '../test-databases.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const OUTAGE_MS = 30_000;

suite('Faults of Postgres under load', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 2 });
  });
  after(() => cluster?.stop());

  const underLoad = async (name: string, seed: number, faults: () => Promise<void>): Promise<Traffic> => {
    const plan = planOf(name);
    await using traffic = new Traffic({ plan, seed, urls: cluster.ingestionUrls });
    await traffic.flows();
    await faults();
    await traffic.flows();
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
    assert.ok(
      cluster.processors.every((processor) => processor.isRunning),
      'every processor lives',
    );
    return traffic;
  };

  test('its connections are cut again and again, and every call counts once', async () => {
    await underLoad('cut', 1, async () => {
      for (let round = 0; round < 10; round++) {
        await sleep(400);
        await queryOnce(
          cluster.postgres.dsn,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'streamlens'",
        );
      }
    });
  });

  test('it is restarted and killed, and every call counts once', async () => {
    await underLoad('restart', 2, async () => {
      await cluster.postgres.restart();
      await sleep(1_000);
      await cluster.postgres.kill();
      await cluster.postgres.restart();
    });
  });

  test(`it is away for ${OUTAGE_MS / 1000} s: ingestion goes on, and every call counts once`, async () => {
    const traffic = await underLoad('outage', 3, async () => {
      await cluster.postgres.kill();
      await sleep(OUTAGE_MS / 2);
      const ready = await Promise.all(cluster.processors.map(({ url }) => fetch(`${url}/ready`)));
      assert.deepEqual(
        ready.map(({ status }) => status),
        [503, 503],
      );
      await sleep(OUTAGE_MS / 2);
      await cluster.postgres.restart();
    });
    assert.deepEqual([...traffic.answers.keys()], ['202'], 'ingestion does not need Postgres');
    assert.ok(traffic.silenceMsMax < 5_000, `ingestion was silent for ${traffic.silenceMsMax} ms`);
  });

  test('it hangs without a word, and every call counts once', async () => {
    await underLoad('hang', 4, async () => {
      await cluster.postgres.kill('SIGSTOP');
      await sleep(5_000);
      await cluster.postgres.kill('SIGCONT');
    });
  });
});
