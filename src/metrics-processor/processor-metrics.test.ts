import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { TOPICS } from '../events/topics.ts';
import { ProcessorMetrics } from './processor-metrics.ts';

const COMMIT = {
  calls: 0,
  deadLetters: 0,
  waiting: 3,
  completeThroughMs: 5000,
  checkpointBytes: 0,
  audits: [],
  corrections: new Map(),
};

async function seriesOf(metrics: ProcessorMetrics, partition: number): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.includes(`partition="${partition}"`));
}

test('all series of a partition go when it is handed over, and a commit that ends later does not bring them back', async () => {
  const metrics = new ProcessorMetrics(pino({ enabled: false }));
  metrics.recovered(2, { recordsRead: 1, tookMs: 5 });
  metrics.folded(2, TOPICS.requests, { logPartition: 2, records: 4, lag: 7 });
  metrics.committed(2, COMMIT);
  assert.equal((await seriesOf(metrics, 2)).length, 4);
  metrics.revoked(2);
  metrics.committed(2, COMMIT);
  metrics.folded(2, TOPICS.requests, { logPartition: 2, records: 0, lag: 9 });
  assert.deepEqual(await seriesOf(metrics, 2), []);
});

test('a partition that comes back has its series again', async () => {
  const metrics = new ProcessorMetrics(pino({ enabled: false }));
  metrics.recovered(0, { recordsRead: 1, tookMs: 5 });
  metrics.revoked(0);
  metrics.recovered(0, { recordsRead: 1, tookMs: 5 });
  metrics.committed(0, COMMIT);
  assert.equal((await seriesOf(metrics, 0)).length, 3);
});

test('where the topics have grown, the lag of each partition of a shard goes with it', async () => {
  const metrics = new ProcessorMetrics(pino({ enabled: false }));
  metrics.recovered(1, { recordsRead: 1, tookMs: 5 });
  for (const logPartition of [1, 7]) metrics.folded(1, TOPICS.responses, { logPartition, records: 1, lag: 2 });
  assert.equal((await seriesOf(metrics, 7)).length, 1);
  metrics.revoked(1);
  assert.deepEqual([await seriesOf(metrics, 1), await seriesOf(metrics, 7)], [[], []]);
});

test('the durations of commits have native buckets, and are there before the first', async () => {
  const metrics = new ProcessorMetrics(pino({ enabled: false }));
  const counted = async () => {
    const family = (await metrics.families()).find(({ name }) => name === 'streamlens_commit_duration_seconds');
    return family?.type === 'histogram' ? family.series.map(({ count, native }) => [count, native?.buckets]) : null;
  };
  assert.deepEqual(await counted(), [[0, []]]);
  metrics.groupCommitted({ rows: 1, tookMs: 1000 });
  assert.deepEqual(await counted(), [[1, [[0, 1]]]]);
});

test('every counter has its first 0 before anything is counted', async () => {
  const text = await new ProcessorMetrics(pino({ enabled: false })).registry.metrics();
  assert.match(text, /streamlens_audit_events\{type="request",fate="dead"\} 0/);
  assert.match(text, /streamlens_processor_records_total\{topic="llm.requests"\} 0/);
  assert.match(text, /streamlens_committed_total\{what="dead_letters"\} 0/);
  assert.match(text, /streamlens_published_total\{what="rows"\} 0/);
});
