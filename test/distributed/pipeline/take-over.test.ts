import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { Cluster } from './cluster.ts';
import type { RoleProcess } from './role-process.ts';
import { planOf } from './sent-call.ts';
import { assertExact } from './settled.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
/** As brokers have it where nobody has set anything, and longer: whoever waits for it fails this test. */
const LONG_SESSIONS = {
  'group.consumer.session.timeout.ms': '600000',
  'group.consumer.min.session.timeout.ms': '600000',
  'group.consumer.max.session.timeout.ms': '600000',
  'group.consumer.heartbeat.interval.ms': '5000',
  'group.consumer.min.heartbeat.interval.ms': '5000',
};
const PARTITIONS = 6;
const FRESH_MS = 5_000;
/** For a machine that is busy; what is asserted is by what way it came. */
const TAKEN_OVER_MS_MAX = 60_000;

suite('A processor that is killed, while brokers wait ten minutes for a silent member', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 2, properties: LONG_SESSIONS });
  });
  after(() => cluster?.stop());

  async function lagMs(): Promise<number> {
    const answer = await fetch(`${cluster.metricsUrl}/v1/metrics?tenant_id=take-over-0&limit=1`);
    return ((await answer.json()) as { lag_ms: number | null }).lag_ms ?? Number.POSITIVE_INFINITY;
  }

  const untilFresh = (): Promise<void> =>
    until('every partition is fresh', async () => (await lagMs()) < FRESH_MS, TAKEN_OVER_MS_MAX);

  const untilAllAreOf = (role: RoleProcess): Promise<void> =>
    until(
      () => `it has all partitions:\n${role.log}`,
      async () => (await valuesOf(role, 'streamlens_recovery_duration_seconds')).length === PARTITIONS,
      TAKEN_OVER_MS_MAX,
    );

  test('is followed by the other one, and by itself where it was alone, as soon as its connections are gone', async () => {
    const plan = planOf('take-over');
    await using traffic = new Traffic({ plan, seed: 1, urls: cluster.ingestionUrls, callsPerSecond: 200 });
    const [first, second] = cluster.processors as [RoleProcess, RoleProcess];
    const bothOwn = async () => [first, second].every((role) => role.log.includes('Took over a partition'));
    await until('both have partitions', bothOwn, TAKEN_OVER_MS_MAX);
    await untilFresh();

    await first.end('SIGKILL');
    await untilAllAreOf(second);
    assert.deepEqual(await valuesOf(second, 'streamlens_processor_fellows_ended_total'), [1]);
    await untilFresh();

    await second.end('SIGKILL');
    await second.startReady();
    await untilAllAreOf(second);
    assert.deepEqual(await valuesOf(second, 'streamlens_processor_fellows_ended_total'), [1]);
    await untilFresh();

    await traffic.stop();
    await assertExact(cluster, traffic, plan);
  });
});

/** Of one metric, by whatever labels. */
async function valuesOf(role: RoleProcess, metric: string): Promise<number[]> {
  const response = await fetch(`${role.url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const lines = (await response.text()).split('\n').filter((line) => /^[\w:]+/.exec(line)?.[0] === metric);
  return lines.map((line) => Number(line.split(' ').at(-1)));
}
