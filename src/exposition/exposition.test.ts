import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import protobuf from 'protobufjs/minimal.js';
import { DurationHistogram } from './duration-histogram.ts';
import { formatFor } from './exposition.ts';
import type { MetricFamily } from './metric-family.ts';
import { registrySource } from './registry-source.ts';
import { writeProtobuf } from './write-protobuf.ts';
import { writeOpenMetrics, writeText } from './write-text.ts';

const CALLS: MetricFamily = {
  name: 'calls_total',
  help: 'Calls, "all" of\nthem',
  type: 'counter',
  series: [{ labels: { tenant: 'a "b" \\ c\nd' }, value: 3 }],
};
const SECONDS: MetricFamily = {
  name: 'wait_seconds',
  help: 'How long',
  type: 'histogram',
  series: [
    {
      labels: {},
      count: 4,
      sum: 2.5,
      buckets: [
        { upperBound: 0.5, cumulativeCount: 1 },
        { upperBound: 1, cumulativeCount: 3 },
      ],
      native: {
        schema: 5,
        zeroThreshold: 1e-6,
        zeroCount: 1,
        buckets: [
          [-7, 2],
          [-6, 1],
          [3, 5],
        ],
      },
    },
  ],
};

test('the text format escapes help and labels and ends a histogram with infinity, sum and count', () => {
  assert.equal(
    writeText([CALLS, SECONDS]),
    `# HELP calls_total Calls, "all" of\\nthem
# TYPE calls_total counter
calls_total{tenant="a \\"b\\" \\\\ c\\nd"} 3
# HELP wait_seconds How long
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="1"} 3
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 2.5
wait_seconds_count 4
`,
  );
});

test('OpenMetrics names the family without _total, tells the unit, writes bounds canonically and has an end', () => {
  assert.equal(
    writeOpenMetrics([CALLS, SECONDS]),
    `# TYPE calls counter
# HELP calls Calls, \\"all\\" of\\nthem
calls_total{tenant="a \\"b\\" \\\\ c\\nd"} 3
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
# HELP wait_seconds How long
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="1.0"} 3
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 2.5
wait_seconds_count 4
# EOF
`,
  );
});

test('infinities and numbers that are none are written as Prometheus reads them', () => {
  const series = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map((value, i) => ({
    labels: { i: String(i) },
    value,
  }));
  const text = writeText([{ name: 'g', help: '', type: 'gauge', series }]);
  assert.deepEqual(
    [...text.matchAll(/\} (\S+)/g)].map(([, value]) => value),
    ['+Inf', '-Inf', 'NaN'],
  );
});

/** The fields of a message by their number, in their order; those with a length as bytes. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const reader = protobuf.Reader.create(bytes);
  const fields = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const value = (tag & 7) === 2 ? reader.bytes() : (tag & 7) === 1 ? reader.double() : reader.uint32();
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

const bytesAt = (fields: Map<number, (number | Uint8Array)[]>, field: number, i = 0) =>
  fields.get(field)?.[i] as Uint8Array;

test('in protobuf each family has its length before it, and native buckets are spans and differences', () => {
  const reader = protobuf.Reader.create(writeProtobuf([CALLS, SECONDS]));
  const [calls, seconds] = [fieldsOf(reader.bytes()), fieldsOf(reader.bytes())];
  assert.equal(reader.pos, reader.len);
  assert.equal(Buffer.from(bytesAt(calls, 1)).toString(), 'calls_total');
  assert.deepEqual(calls.get(3), [0]);
  assert.deepEqual(seconds.get(3), [4]);
  const histogram = fieldsOf(bytesAt(fieldsOf(bytesAt(seconds, 4)), 7));
  assert.deepEqual([histogram.get(1), histogram.get(2), histogram.get(6), histogram.get(7)], [[4], [2.5], [1e-6], [1]]);
  assert.deepEqual(histogram.get(5), [10], 'schema 5 in zigzag');
  const spans = (histogram.get(12) ?? []).map((span) => {
    const spanReader = protobuf.Reader.create(span as Uint8Array);
    spanReader.uint32();
    const offset = spanReader.sint32();
    spanReader.uint32();
    return [offset, spanReader.uint32()];
  });
  assert.deepEqual(spans, [
    [-7, 2],
    [8, 1],
  ]);
  const deltas = protobuf.Reader.create(bytesAt(histogram, 13));
  assert.deepEqual([deltas.sint32(), deltas.sint32(), deltas.sint32()], [2, -1, 4]);
});

test('an empty native histogram has an empty span, or it would be taken for a classic one', () => {
  const native = { schema: 5, zeroThreshold: 1e-6, zeroCount: 0, buckets: [] };
  const series = [{ labels: {}, count: 0, sum: 0, buckets: [], native }];
  const reader = protobuf.Reader.create(writeProtobuf([{ name: 'h', help: '', type: 'histogram', series }]));
  const histogram = fieldsOf(bytesAt(fieldsOf(bytesAt(fieldsOf(reader.bytes()), 4)), 7));
  assert.equal(histogram.get(12)?.length, 1);
});

test('a scraper gets the format that it prefers, and text where it asks for none that we have', () => {
  const native =
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,' +
    'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const usual =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5';
  const kinds = [native, usual, undefined, '*/*', 'text/html', 'application/openmetrics-text;q=0', 'x;q=9,;;,'].map(
    (accept) => formatFor(accept).contentType.split(';', 1)[0],
  );
  const text = 'text/plain';
  assert.deepEqual(kinds, [
    'application/vnd.google.protobuf',
    'application/openmetrics-text',
    text,
    text,
    text,
    text,
    text,
  ]);
});

test('what prom-client holds becomes families that it would have written alike', async () => {
  const registry = new Registry();
  new Counter({ name: 'c_total', help: 'c', labelNames: ['x'], registers: [registry] }).inc({ x: 'y' }, 2);
  new Gauge({ name: 'g', help: 'g', registers: [registry] }).set(-1.5);
  const histogram = new Histogram({ name: 'h', help: 'h', labelNames: ['x'], buckets: [1, 2], registers: [registry] });
  histogram.observe({ x: 'a' }, 1.5);
  histogram.observe({ x: 'b' }, 0.5);
  const lines = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .sort();
  // prom-client puts `le` first.
  const ours = writeText(await registrySource(registry).families()).replaceAll(/(x="\w"),(le="[^"]+")/g, '$2,$1');
  assert.deepEqual(lines(ours), lines(await registry.metrics()));
});

test('durations are counted in classic buckets up to their bound and in native ones within 4.4 %', () => {
  const durations = new DurationHistogram({ name: 'd_seconds', help: 'd' });
  for (const seconds of [0, 0.001, 0.0011, 40]) durations.observe('r', { route: 'r' }, seconds);
  const [series] = durations.family().series;
  assert.equal(series?.count, 4);
  assert.deepEqual(
    series.buckets.slice(0, 2).map(({ cumulativeCount }) => cumulativeCount),
    [2, 3],
  );
  assert.equal(series.buckets.at(-1)?.cumulativeCount, 3);
  assert.equal(series.native?.zeroCount, 1);
  const within = series.native.buckets.map(([index]) => 2 ** (index / 8));
  assert.ok(
    [0.001, 0.0011, 40].every((value, i) => value <= (within[i] ?? 0) && value > (within[i] ?? 0) / 2 ** 0.125),
  );
});
