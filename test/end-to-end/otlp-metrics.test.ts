import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { bucketIndex } from '../../src/tally/bucket.ts';
import { type OtlpReceiver, type ReceivedMetric, type ReceivedPoint, startOtlpReceiver } from './otlp-receiver.ts';
import { dataDirFor, serverFor } from './running-server.ts';
import { until } from './until.ts';

const CUMULATIVE = 2;
const SERIES = { 'streamlens.tenant_id': 'acme', 'streamlens.route': 'chat', 'gen_ai.request.model': 'gpt-4.1-mini' };

/** A call of 10 prompt tokens, 4 of them cached, and 5 completion tokens. */
async function call(url: string, latencyMs: number, error: string | null = null): Promise<void> {
  const request_id = crypto.randomUUID();
  const timestamp = new Date().toISOString();
  const request = {
    tenant_id: 'acme',
    route: 'chat',
    model: 'gpt-4.1-mini',
    prompt_tokens: 10,
    cached_prompt_tokens: 4,
  };
  const response = { latency_ms: latencyMs, completion_tokens: error === null ? 5 : 0, error };
  const events = [
    { type: 'request', request_id, timestamp, ...request },
    { type: 'response', request_id, timestamp, ...response },
  ];
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/llm/events`, { method: 'POST', headers, body: JSON.stringify(events) });
  assert.equal(answer.status, 202);
}

const named = (metrics: readonly ReceivedMetric[] | undefined, name: string): ReceivedMetric => {
  const found = metrics?.find((metric) => metric.name === name);
  assert.ok(found !== undefined, name);
  return found;
};

const pointOf = ({ points }: ReceivedMetric, more: Record<string, string> = {}): ReceivedPoint => {
  const wanted = { ...SERIES, ...more };
  const found = points.find(({ attributes }) =>
    Object.entries(wanted).every(([name, value]) => attributes[name] === value),
  );
  assert.ok(found !== undefined, JSON.stringify(points));
  return found;
};

const completed = ({ exports }: OtlpReceiver): number =>
  pointOf(named(exports.at(-1), 'streamlens.llm.completed')).value;

test("metrics of models' calls are pushed as totals that a restart goes on with, and are no witness of themselves", async (t) => {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  // It is given back what it pushes, as by a collector that sends everything everywhere.
  await using receiver = await startOtlpReceiver(url);
  const dataDir = dataDirFor(t);
  const endpoint = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/v1/metrics` };
  const env = { ...endpoint, OTEL_METRIC_EXPORT_INTERVAL: '200', OTEL_SERVICE_NAME: 'lens' };
  const start = () => serverFor(t, env, { dataDir, ingestionPort: port });

  const server = await start();
  await call(url, 100);
  await call(url, 100);
  await call(url, 3000, 'rate limit exceeded');
  await until(async () => assert.equal(completed(receiver), 3));
  const metrics = receiver.exports.at(-1);

  const calls = named(metrics, 'streamlens.llm.calls');
  assert.deepEqual([calls.scope, calls.resource['service.name']], ['streamlens', 'lens']);
  assert.deepEqual([calls.isMonotonic, calls.temporality, calls.unit], [true, CUMULATIVE, '{call}']);
  const errors = named(metrics, 'streamlens.llm.errors').points.filter(({ value }) => value > 0);
  assert.deepEqual(
    errors.map(({ attributes, value }) => [attributes['error.type'], value]),
    [['rate_limit', 1]],
  );
  const tokens = named(metrics, 'streamlens.llm.tokens');
  const part = (name: string) => pointOf(tokens, { 'streamlens.token.part': name }).value;
  assert.deepEqual([part('input'), part('cache_read'), part('output')], [18, 12, 10]);
  assert.ok(pointOf(named(metrics, 'streamlens.llm.cost')).value > 0);

  const usage = named(metrics, 'gen_ai.client.token.usage');
  assert.equal(usage.unit, '{token}');
  const used = (type: string) => pointOf(usage, { 'gen_ai.token.type': type });
  assert.deepEqual([used('input').sum, used('output').sum, used('input').count], [30, 10, 3]);

  const duration = named(metrics, 'gen_ai.client.operation.duration');
  const { scale, offset, bucketCounts, count, sum, startMs, timeMs } = pointOf(duration);
  assert.deepEqual([duration.unit, scale, count], ['s', 5, 3]);
  assert.ok(Math.abs(sum - 3.2) < 1e-9, `${sum}`);
  const full = bucketCounts.flatMap((each, i) => (each === 0 ? [] : [[offset + i, each]]));
  assert.deepEqual(full, [
    [bucketIndex(100) - 319, 2],
    [bucketIndex(3000) - 319, 1],
  ]);
  assert.ok(startMs < timeMs && Math.abs(timeMs - Date.now()) < 60_000);

  await until(async () => {
    const ignored = await (await fetch(`${url}/v1/otlp/ignored`)).text();
    assert.match(ignored, /what StreamLens has counted/);
  });

  server.process.kill('SIGTERM');
  await server.exited;
  receiver.exports.length = 0;
  const again = await start();
  await call(url, 100);
  await until(async () => assert.equal(completed(receiver), 4));
  for (const each of receiver.exports) {
    const point = pointOf(named(each, 'gen_ai.client.operation.duration'));
    assert.ok(point.startMs === startMs && point.count >= 3, `${point.count}`);
  }
  again.process.kill('SIGTERM');
  await again.exited;
});

test('a receiver that is away is told once in the log, and gets all when it is back', async (t) => {
  const [away = 0] = await freePorts(1);
  const env = { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${away}` };
  const timing = {
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    OTEL_TRACES_EXPORTER: 'none',
  };
  const server = await serverFor(t, { ...env, ...timing });
  await call(server.ingestion, 100);
  await until(async () => assert.match(server.output(), /Metrics cannot be pushed by OTLP/));
  await using receiver = await startOtlpReceiver(undefined, away);
  await until(async () => assert.equal(completed(receiver), 1));
  assert.equal(server.output().split('Metrics cannot be pushed').length, 2);
});
