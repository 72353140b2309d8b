import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { createTopics } from '../../../src/event-log/kafka/create-topics.ts';
import { TOPICS } from '../../../src/events/topics.ts';
import { rowsSeenBy } from '../../end-to-end/otlp-rows.ts';
import { shuffled } from '../../end-to-end/shuffled.ts';
import { capturedExports, singleSpans } from '../../end-to-end/single-spans.ts';
import { Cluster } from './cluster.ts';
import { OneProcess } from './one-process.ts';
import { agentPosts, evaluationPosts, exportPosts, keysOfSenders, type Rows } from './otlp-posts.ts';
import { Turns } from './otlp-turns.ts';
import type { RoleProcess } from './role-process.ts';
import { SeededRandom } from './seeded-random.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const GROWN = 12;
const PARTS = 6;
const NEW_PARTITIONS_MS_MAX = 30_000;
const SETTLED_MS_MAX = 60_000;
/** What is counted twice by a late commit shows within this. */
const LATE_MS = 1_500;
/** The calls lie in November 2026. */
const SETTINGS = { CALLS_PER_SECOND_MAX: '1000000', CALLS_RETENTION: '36500d' };

suite('OTLP through three ingestion processes and two processors', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 0, ingestionApis: 0 });
  });
  after(() => cluster?.stop());

  test('spans and records of coding agents in exports of their own, in any order and repeated, over kills, rebalances and more partitions, come to the rows, calls and books of one process', async (t) => {
    const seed = Number(process.env['STREAMLENS_SEED'] ?? Date.now() % 1_000_000);
    t.diagnostic(`seed ${seed}`);
    const random = new SeededRandom(seed);
    const exports = capturedExports();

    await using one = await OneProcess.start(SETTINGS);
    await one.send((keys) => exportPosts(keys, exports));
    await one.send(agentPosts);
    const calls = await one.rows();
    assert.ok(Object.values(calls).flatMap((tenant) => tenant.calls).length > 5 * exports.length, 'all count');
    await one.send((keys) => evaluationPosts(keys, calls, 'early'));

    const keys = await keysOfSenders({
      postgresDsn: cluster.postgres.dsn,
      postgresPoolMax: 1,
      migrate: true,
      dataDir: '',
    });
    const [ingestions, processors] = await Promise.all([
      readyRoles(cluster, 3, 'ingestion-api', { API_KEYS: 'required' }),
      readyRoles(cluster, 2, 'metrics-processor'),
    ]);
    const turns = new Turns({ urls: ingestions.map(({ url }) => url), random });
    const spans = exportPosts(keys, exports.flatMap(singleSpans));
    const posts = shuffled([...spans, ...agentPosts(keys), ...evaluationPosts(keys, calls, 'early')], random);
    const perPart = Math.ceil(posts.length / PARTS);
    const part = (n: number) => posts.slice(n * perPart, (n + 1) * perPart);

    await turns.send(part(0));
    await Promise.all([turns.send(part(1)), killAndRestart(ingestions[1])]);
    await Promise.all([turns.send(part(2)), processors[0]?.end('SIGKILL')]);
    const [, third] = await Promise.all([
      turns.send(part(3)),
      readyRoles(cluster, 1, 'metrics-processor'),
      processors[0]?.startReady('/health'),
    ]);
    await createTopics(cluster.kafkaSettings, { partitions: GROWN, replicationFactor: 1, grow: true });
    await turns.send(part(4));
    const goesOnIntoNewOnes = async () => {
      await turns.repeatOne();
      return newPartitionsHaveReports(cluster);
    };
    await until('reports lie in new partitions', goesOnIntoNewOnes, NEW_PARTITIONS_MS_MAX);
    await Promise.all([turns.send(part(5)), killAndRestart(processors[1]), killAndRestart(ingestions[2])]);
    await third[0]?.stop();
    await assertRows(cluster, await one.rows());

    await one.send((keysThere) => evaluationPosts(keysThere, calls, 'late'));
    await turns.send(shuffled(evaluationPosts(keys, calls, 'late'), random));
    await assertRows(cluster, await one.rows());
  });
});

async function readyRoles(
  cluster: Cluster,
  count: number,
  command: string,
  env: Record<string, string> = {},
): Promise<readonly RoleProcess[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const role = await cluster.role(command, { ...SETTINGS, ...env });
      await role.startReady();
      return role;
    }),
  );
}

async function killAndRestart(role: RoleProcess | undefined): Promise<void> {
  await role?.end('SIGKILL');
  await role?.startReady('/health');
}

async function newPartitionsHaveReports(cluster: Cluster): Promise<boolean> {
  const bounds = await cluster.withLog((log) => log.bounds(TOPICS.reports));
  return bounds.some(({ partition, end }) => partition >= GROWN / 2 && end > 0);
}

/** Waits until the cluster shows these rows, calls and books, and goes on showing them. */
async function assertRows(cluster: Cluster, expected: Rows): Promise<void> {
  const seen = () => rowsSeenBy({ url: cluster.metricsUrl });
  const isSame = async () => JSON.stringify(await seen()) === JSON.stringify(expected);
  await until('the rows are those of one process', isSame, SETTLED_MS_MAX).catch(() => undefined);
  await sleep(LATE_MS);
  assert.deepEqual(await seen(), expected);
}
