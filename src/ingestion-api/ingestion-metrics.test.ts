import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestionMetrics } from './ingestion-metrics.ts';

test('every counter has its first 0 before anything is counted, so that the first failure is an increase', async () => {
  const text = await new IngestionMetrics().registry.metrics();
  for (const reason of ['invalid', 'too_large', 'queue_full', 'log_unavailable', 'unauthorized', 'rate_limited']) {
    assert.match(text, new RegExp(`streamlens_events_rejected_total\\{reason="${reason}"\\} 0`));
  }
  for (const code of ['unavailable', 'full', 'setting-refused', 'misconfigured', 'corrupt']) {
    assert.match(text, new RegExp(`streamlens_append_failures_total\\{code="${code}"\\} 0`));
  }
  for (const type of ['request', 'response', 'evaluation']) {
    assert.match(text, new RegExp(`streamlens_events_accepted_total\\{type="${type}"\\} 0`));
  }
  assert.match(text, /streamlens_otlp_spans_total\{outcome="rejected"\} 0/);
});

test('the durations of appends have classic and native buckets, and are there before the first', async () => {
  const metrics = new IngestionMetrics();
  const durations = async () =>
    (await metrics.families()).find(({ name }) => name === 'streamlens_append_duration_seconds');
  assert.deepEqual((await durations())?.series.length, 1);
  metrics.appended({ records: 3, tookMs: 4 });
  const family = await durations();
  assert.ok(family?.type === 'histogram');
  const [series] = family.series;
  assert.deepEqual([series?.count, series?.sum, series?.native?.buckets], [1, 0.004, [[-63, 1]]]);
  assert.equal(series?.buckets.find(({ upperBound }) => upperBound === 0.005)?.cumulativeCount, 1);
});
