import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { freePorts } from '../../../scripts/services/free-ports.ts';
import { Cluster } from './cluster.ts';
import { expectedRows } from './expected-rows.ts';
import type { RoleProcess } from './role-process.ts';
import { type CallPlan, planOf } from './sent-call.ts';
import { apiRowsAt } from './settled.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);

suite('All roles in one process, with one of the two services', { skip }, () => {
  let cluster: Cluster;
  let directory: string;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 0 });
    directory = mkdtempSync(join(tmpdir(), 'streamlens-up-'));
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const cases = [
    { name: 'Kafka', absent: 'POSTGRES_DSN' },
    { name: 'Postgres', absent: 'KAFKA_BROKERS' },
  ];
  for (const { name, absent } of cases) {
    test(`with only ${name} every call counts once, also after a kill`, async () => {
      const [ingestion = 0, metrics = 0] = await freePorts(2);
      const up = await cluster.role('up', {
        [absent]: '',
        STREAMLENS_DATA_DIR: join(directory, name),
        INGESTION_PORT: String(ingestion),
        METRICS_PORT: String(metrics),
        HTTP_PORT: String(metrics),
      });
      await up.startReady();
      const plan = planOf(`only-${name.toLowerCase()}`);
      await using traffic = new Traffic({
        plan,
        seed: 1,
        urls: [`http://127.0.0.1:${ingestion}`],
        callsPerSecond: 400,
      });
      await traffic.flows(400);
      await up.end('SIGKILL');
      await up.startReady();
      await traffic.flows(400);
      await traffic.stop();
      await assertRows(up, traffic, plan);
      await up.stop();
    });
  }
});

async function assertRows(up: RoleProcess, traffic: Traffic, plan: CallPlan): Promise<void> {
  const expected = expectedRows(traffic.calls);
  const requests = async () =>
    [...(await apiRowsAt(up.url, plan)).values()].reduce((sum, row) => sum + row.completed, 0);
  const wanted = [...expected.values()].reduce((sum, row) => sum + row.completed, 0);
  await until('everything is counted', async () => (await requests()) >= wanted, 60_000);
  assert.deepEqual(await apiRowsAt(up.url, plan), expected);
}
