import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createFullKeyTable } from '../dialects/wanted-keys.ts';
import { encodeMetrics, type JsonMetric, type JsonMetrics } from '../encode-metrics.contract.ts';
import { decodeMetrics } from './decode-metrics.ts';
import type { MetricExport } from './metric-export.ts';

const AGENTS = new URL('../../../test/fixtures/agents/', import.meta.url);
const options = { keys: createFullKeyTable(), wants: () => true };

function decoded(body: Uint8Array, format: 'json' | 'protobuf', wants = options.wants): MetricExport {
  const result = decodeMetrics(body, format, { ...options, wants });
  assert.ok(result.ok);
  return result.value;
}

function exportOf(...metrics: readonly JsonMetric[]): JsonMetrics {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'web' } }] };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'scope', version: '1' }, metrics }] }] };
}

const text = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const POINT = {
  attributes: [{ key: 'type', value: { stringValue: 'input' } }],
  startTimeUnixNano: '1795871271544000001',
  timeUnixNano: '1795871271563000002',
};
const OF_EACH_KIND = exportOf(
  { name: 'g', unit: '1', gauge: { dataPoints: [{ ...POINT, asInt: '7' }] } },
  { name: 's', sum: { aggregationTemporality: 1, dataPoints: [{ ...POINT, asDouble: 0.5 }] } },
  { name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [{ ...POINT, sum: 900 }] } },
  { name: 'e', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ ...POINT, sum: 901 }] } },
  { name: 'q', summary: { dataPoints: [{ ...POINT, sum: 902 }] } },
);

test('what agents export as metrics says the same in JSON and in protobuf', () => {
  const files = readdirSync(AGENTS, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('-metrics.json'),
  );
  assert.ok(files.length >= 4);
  for (const file of files) {
    const json = readFileSync(new URL(file, AGENTS));
    const { metrics } = decoded(json, 'json');
    assert.ok(
      metrics.some(({ points }) => points.length > 0),
      file,
    );
    assert.deepEqual(decoded(encodeMetrics(JSON.parse(json.toString()) as JsonMetrics), 'protobuf').metrics, metrics);
  }
});

test('each kind of metric has its value, temporality and both instants to the nanosecond, in JSON and in protobuf', () => {
  for (const { metrics } of [decoded(text(OF_EACH_KIND), 'json'), decoded(encodeMetrics(OF_EACH_KIND), 'protobuf')]) {
    assert.deepEqual(
      metrics.map(({ name, kind, temporality, points }) => [name, kind, temporality, points[0]?.value]),
      [
        ['g', 'gauge', 'unspecified', 7],
        ['s', 'sum', 'delta', 0.5],
        ['h', 'histogram', 'cumulative', 900],
        ['e', 'exponential histogram', 'cumulative', 901],
        ['q', 'summary', 'unspecified', 902],
      ],
    );
    for (const { points, scope, resource } of metrics) {
      assert.deepEqual(points[0]?.startNs, 1795871271544000001n);
      assert.deepEqual(points[0].timeNs, 1795871271563000002n);
      assert.equal(points[0].attributes.get('type'), 'input');
      assert.equal(scope.name, 'scope');
      assert.equal(resource.attributes.get('service.name'), 'web');
    }
  }
});

test('a point that is said to have no recorded value has none', () => {
  const ended = exportOf({
    name: 's',
    sum: { aggregationTemporality: 2, dataPoints: [{ ...POINT, asInt: 5, flags: 1 }] },
  });
  for (const { metrics } of [decoded(text(ended), 'json'), decoded(encodeMetrics(ended), 'protobuf')]) {
    assert.equal(metrics[0]?.points[0]?.value, null);
  }
});

test('of a metric that nobody reads the points are counted, not decoded', () => {
  for (const { metrics } of [
    decoded(text(OF_EACH_KIND), 'json', () => false),
    decoded(encodeMetrics(OF_EACH_KIND), 'protobuf', () => false),
  ]) {
    assert.deepEqual(
      metrics.map(({ pointCount, points }) => [pointCount, points.length]),
      Array.from({ length: 5 }, () => [1, 0]),
    );
  }
});

test('a temporality is understood by its number and its names', () => {
  for (const [said, meant] of [
    [1, 'delta'],
    ['2', 'cumulative'],
    ['AGGREGATION_TEMPORALITY_DELTA', 'delta'],
    ['AGGREGATION_TEMPORALITY_CUMULATIVE', 'cumulative'],
    [9, 'unspecified'],
  ]) {
    const body = exportOf({ name: 's', sum: { aggregationTemporality: said as number, dataPoints: [POINT] } });
    assert.equal(decoded(text(body), 'json').metrics[0]?.temporality, meant, String(said));
  }
});

test('a body that is cut off, or of another signal, is refused with where to post it', () => {
  const whole = encodeMetrics(OF_EACH_KIND);
  for (let length = 1; length < whole.length; length++) {
    const cut = decodeMetrics(whole.subarray(0, length), 'protobuf', options);
    assert.ok(!cut.ok, `the first ${length} bytes`);
    assert.match(cut.reason, /not a protobuf ExportMetricsServiceRequest/);
  }
  const spans = decodeMetrics(text({ resourceSpans: [] }), 'json', options);
  assert.ok(!spans.ok && /post them to \/v1\/traces/.test(spans.reason));
});
