import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { appendBacklog, type BacklogOrder } from './backlog.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { apiRows } from './settled.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const CALLS = 1_000_000;
const MEMORY_MB_MAX = 500;
const CATCH_UP_MS_MAX = 240_000;

suite('One processor that starts late', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 0 });
  });
  after(() => cluster?.stop());

  for (const order of orders()) {
    test(`counts a million calls whose halves wait ${order} exactly, in less than ${MEMORY_MB_MAX} MB`, async (t) => {
      const plan = planOf(`backlog-${order}`);
      const appendedMs = await timed(() => cluster.withLog((log) => appendBacklog(log, { plan, calls: CALLS, order })));
      const processor = await cluster.role('metrics-processor');
      processor.start();
      const counted = async () => {
        const rows = [...(await apiRows(cluster, plan)).values()];
        return [rows.reduce((sum, row) => sum + row.requests, 0), rows.reduce((sum, row) => sum + row.completed, 0)];
      };
      const caughtUpMs = await timed(() =>
        until('a million calls are counted', async () => (await counted())[1] === CALLS, CATCH_UP_MS_MAX),
      );
      const peakMb = peakMemoryMb(processor.pid);
      t.diagnostic(`appended in ${appendedMs} ms, caught up in ${caughtUpMs} ms, peak ${peakMb} MB`);
      assert.deepEqual(await counted(), [CALLS, CALLS]);
      assert.ok(peakMb < MEMORY_MB_MAX, `the processor took ${peakMb} MB`);
      await processor.stop();
      assert.deepEqual(await counted(), [CALLS, CALLS]);
    });
  }
});

/** Filling the topics with a million calls takes longer than reading them, so one order is the rule. */
function orders(): readonly BacklogOrder[] {
  const named = process.env['STREAMLENS_BACKLOG_ORDER'];
  return named === 'apart' || named === 'together' ? [named] : ['together'];
}

/** The largest resident set that the process ever had. */
function peakMemoryMb(pid: number): number {
  const kb = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return Math.round(kb / 1024);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
}
