import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { Cluster } from './cluster.ts';
import { planOf } from './sent-call.ts';
import { Traffic } from './traffic.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);

async function textOf(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
}

/** Partitions that a processor's metrics speak of, by metric. */
async function partitionsIn(url: string, metric: string): Promise<Set<string>> {
  const lines = (await textOf(`${url}/metrics`)).split('\n').filter((line) => line.startsWith(`${metric}{`));
  return new Set(lines.map((line) => /partition="(\d+)"/.exec(line)?.[1] ?? ''));
}

suite('What the processes say of themselves', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 1 });
  });
  after(() => cluster?.stop());

  async function lagMs(): Promise<number> {
    const answer = await fetch(`${cluster.metricsUrl}/v1/metrics?tenant_id=quiet&limit=1`);
    return ((await answer.json()) as { lag_ms: number | null }).lag_ms ?? Number.NaN;
  }

  test('a quiet Kafka is complete up to a few seconds ago, and one call a second changes nothing of that', async () => {
    await until(
      'every partition has said how far it is',
      async () => Number.isInteger(await lagMs()) && (await lagMs()) < 4_000,
      30_000,
    );
    const seen: number[] = [];
    await until(
      'ten looks',
      async () => {
        const event = { request_id: `quiet-${seen.length}`, tenant_id: 'quiet', route: 'r', model: 'm' };
        await fetch(`${cluster.ingestionUrls[0]}/v1/llm/request`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...event, timestamp: '2026-01-10T12:00:00Z' }),
        });
        seen.push(await lagMs());
        return seen.length >= 10;
      },
      30_000,
    );
    assert.ok(Math.max(...seen) < 5_000, `lag was ${seen.join(', ')} ms`);
  });

  test('the alert in docs/operations.md is silent while Kafka is quiet', async () => {
    const doc = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const lateS = Number(/expr: time\(\) - streamlens_processor_watermark_seconds > (\d+)/.exec(doc)?.[1]);
    assert.ok(lateS > 0 && lateS < 60, `the rule says ${lateS} s`);
    const url = cluster.processors[0]?.url ?? '';
    for (let looks = 0; looks < 10; looks++) {
      const marks = (await textOf(`${url}/metrics`)).matchAll(/^streamlens_processor_watermark_seconds\S* (\S+)$/gm);
      const ages = Array.from(marks, ([, mark]) => Date.now() / 1000 - Number(mark));
      assert.equal(ages.length, 6);
      assert.ok(Math.max(...ages) < lateS / 3, `${ages.join(', ')} s`);
    }
  });

  test('series of partitions that another processor took over are gone', async () => {
    const plan = planOf('series');
    await using traffic = new Traffic({ plan, seed: 3, urls: cluster.ingestionUrls, callsPerSecond: 100 });
    await traffic.flows();
    const [first] = cluster.processors;
    const second = await cluster.role('metrics-processor');
    await second.startReady();
    const metrics = [
      'streamlens_processor_watermark_seconds',
      'streamlens_processor_waiting',
      'streamlens_processor_lag_records',
      'streamlens_recovery_duration_seconds',
    ];
    for (const metric of metrics) {
      await until(
        `each partition has ${metric} at one processor`,
        async () => {
          const [here, there] = [await partitionsIn(first?.url ?? '', metric), await partitionsIn(second.url, metric)];
          return there.size > 0 && here.size + there.size === 6 && ![...here].some((partition) => there.has(partition));
        },
        40_000,
      );
    }
    await second.stop();
    await traffic.stop();
  });

  test('while Kafka is away the processor is not ready, and the ingestion API says what and why', async () => {
    const [broker] = cluster.kafka.brokers;
    const [processor] = cluster.processors;
    const [ingestion] = cluster.ingestionApis;
    await broker?.kill('SIGKILL');
    await until(
      'the processor is not ready',
      async () => (await fetch(`${processor?.url}/ready`)).status === 503,
      30_000,
    );
    const answer = await fetch(`${ingestion?.url}/v1/llm/response`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ request_id: 'away', timestamp: '2026-01-10T12:00:00Z' }),
    });
    assert.equal(answer.status, 503);
    assert.doesNotMatch(await answer.text(), /127\.0\.0\.1|localhost/);
    await until('the refusal is in the log', async () => /refused with 503/.test(ingestion?.log ?? ''), 5_000);
    const fresh = await cluster.role('ingestion-api');
    fresh.start();
    await until('a start without Kafka is told', async () => /cannot be used yet/.test(fresh.log), 60_000);
    await broker?.restart();
    await processor?.ready();
    await fresh.ready();
  });
});
