import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { Cluster } from './cluster.ts';
import type { RoleProcess } from './role-process.ts';
import { SeededRandom } from './seeded-random.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const ROUNDS = 20;
/** Longer than the group waits for a silent member. */
const FORGOTTEN_MS = 4_500;
const DETOUR = fileURLToPath(new URL('detour.ts', import.meta.url));

suite('Faults of one of three processors under load', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 3 });
  });
  after(() => cluster?.stop());

  test(`killed and frozen ${ROUNDS} times, every call still counts once`, async (t) => {
    const seed = Number(process.env['STREAMLENS_SEED'] ?? Date.now() % 1_000_000);
    t.diagnostic(`seed ${seed}`);
    const random = new SeededRandom(seed);
    const plan = planOf('faults');
    await using traffic = new Traffic({ plan, seed, urls: cluster.ingestionUrls });
    for (let round = 0; round < ROUNDS; round++) {
      const victim = random.pick(cluster.processors);
      await (round % 2 === 0 ? kill(victim, random) : freeze(victim, random));
      await sleep(random.below(1_000));
    }
    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });

  for (const cutOff of ['Kafka', 'Postgres', 'both'] as const) {
    test(`a processor that loses its way to ${cutOff} and comes back as a zombie changes no count`, async () => {
      const plan = planOf(`zombie-${cutOff.toLowerCase()}`);
      await using traffic = new Traffic({ plan, seed: 3, urls: cluster.ingestionUrls });
      const [kafka, postgres] = await Promise.all([toKafka(cluster), toPostgres(cluster)]);
      const proxies = { Kafka: [kafka], Postgres: [postgres], both: [kafka, postgres] }[cutOff];
      const zombie = await cluster.role('metrics-processor', detours(cluster, kafka, postgres), ['--import', DETOUR]);
      try {
        await zombie.startReady();
        await until('it has partitions', async () => zombie.log.includes('Took over a partition'), 20_000);
        await traffic.flows(600);
        assert.ok(kafka.connectionCount > 0 && postgres.connectionCount > 0, 'it connects by way of the proxies');
        for (const proxy of proxies) proxy.cut();
        await sleep(FORGOTTEN_MS + 2_000);
        for (const proxy of proxies) proxy.mend();
        await traffic.flows(600);
        await traffic.stop();
        await assertExact(cluster, traffic, plan);
        assert.ok(zombie.isRunning, `it ended:\n${zombie.log}`);
        await zombie.stop();
      } finally {
        await zombie.dispose();
        await Promise.all([kafka.close(), postgres.close()]);
      }
    });
  }
});

async function kill(victim: RoleProcess, random: SeededRandom): Promise<void> {
  await victim.end('SIGKILL');
  // At once, or after the group has given its partitions to the others.
  await sleep(random.pick([0, 500, FORGOTTEN_MS]));
  await victim.startReady('/health');
}

async function freeze(victim: RoleProcess, random: SeededRandom): Promise<void> {
  victim.signal('SIGSTOP');
  await sleep(random.pick([300, 1_500, FORGOTTEN_MS]));
  victim.signal('SIGCONT');
}

function toKafka(cluster: Cluster): Promise<TcpProxy> {
  return TcpProxy.to(cluster.kafka.brokers[0]?.port ?? 0);
}

function toPostgres(cluster: Cluster): Promise<TcpProxy> {
  return TcpProxy.to(Number(new URL(cluster.postgres.dsn).port));
}

function detours(cluster: Cluster, kafka: TcpProxy, postgres: TcpProxy): Record<string, string> {
  const ports = [
    [cluster.kafka.brokers[0]?.port, kafka.port],
    [new URL(cluster.postgres.dsn).port, postgres.port],
  ];
  return { DETOURS: ports.map((pair) => pair.join(':')).join(',') };
}
