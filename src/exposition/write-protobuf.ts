import protobuf, { type Writer } from 'protobufjs/minimal.js';
import type { HistogramSeries, Labels, MetricFamily, NativeBuckets } from './metric-family.ts';

/** Types of `io.prometheus.client.MetricType`. */
const TYPES = { counter: 0, gauge: 1, histogram: 4 } as const;

const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const key = (field: number, wireType: number): number => (field << 3) | wireType;

/** Families of `io.prometheus.client`, each behind its length: the one format that has native histograms. */
export function writeProtobuf(families: readonly MetricFamily[]): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const family of families) {
    writer.fork();
    writer.uint32(key(1, BYTES)).string(family.name);
    writer.uint32(key(2, BYTES)).string(family.help);
    writer.uint32(key(3, VARINT)).int32(TYPES[family.type]);
    if (family.type === 'histogram') for (const series of family.series) writeHistogram(writer, series);
    else {
      for (const { labels, value, createdMs } of family.series) {
        writer.uint32(key(4, BYTES)).fork();
        writeLabels(writer, labels);
        writer.uint32(key(family.type === 'gauge' ? 2 : 3, BYTES)).fork();
        writer.uint32(key(1, DOUBLE)).double(value);
        if (createdMs !== undefined && family.type === 'counter') writeInstant(writer, 3, createdMs);
        writer.ldelim().ldelim();
      }
    }
    writer.ldelim();
  }
  return writer.finish();
}

function writeHistogram(writer: Writer, series: HistogramSeries): void {
  writer.uint32(key(4, BYTES)).fork();
  writeLabels(writer, series.labels);
  writer.uint32(key(7, BYTES)).fork();
  writer.uint32(key(1, VARINT)).uint64(series.count);
  writer.uint32(key(2, DOUBLE)).double(series.sum);
  for (const { upperBound, cumulativeCount } of series.buckets) {
    writer.uint32(key(3, BYTES)).fork();
    writer.uint32(key(1, VARINT)).uint64(cumulativeCount);
    writer.uint32(key(2, DOUBLE)).double(upperBound).ldelim();
  }
  if (series.native !== undefined) writeNative(writer, series.native);
  if (series.createdMs !== undefined) writeInstant(writer, 15, series.createdMs);
  writer.ldelim().ldelim();
}

function writeNative(writer: Writer, { schema, zeroThreshold, zeroCount, buckets }: NativeBuckets): void {
  writer.uint32(key(5, VARINT)).sint32(schema);
  writer.uint32(key(6, DOUBLE)).double(zeroThreshold);
  writer.uint32(key(7, VARINT)).uint64(zeroCount);
  const spans = spansOf(buckets);
  // An empty span tells an empty native histogram from a classic one.
  for (const { offset, length } of spans.length === 0 ? [{ offset: 0, length: 0 }] : spans) {
    writer.uint32(key(12, BYTES)).fork();
    writer.uint32(key(1, VARINT)).sint32(offset);
    writer.uint32(key(2, VARINT)).uint32(length).ldelim();
  }
  if (buckets.length === 0) return;
  writer.uint32(key(13, BYTES)).fork();
  let previous = 0;
  for (const [, count] of buckets) {
    writer.sint64(count - previous);
    previous = count;
  }
  writer.ldelim();
}

interface Span {
  /** How many buckets lie between it and the span before; of the first, its index. */
  readonly offset: number;
  length: number;
}

function spansOf(buckets: NativeBuckets['buckets']): readonly Span[] {
  const spans: Span[] = [];
  let next = 0;
  for (const [index] of buckets) {
    const span = spans.at(-1);
    if (span !== undefined && index === next) span.length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return spans;
}

function writeLabels(writer: Writer, labels: Labels): void {
  for (const name in labels) {
    writer.uint32(key(1, BYTES)).fork();
    writer.uint32(key(1, BYTES)).string(name);
    writer
      .uint32(key(2, BYTES))
      .string(labels[name] ?? '')
      .ldelim();
  }
}

function writeInstant(writer: Writer, field: number, ms: number): void {
  writer.uint32(key(field, BYTES)).fork();
  writer.uint32(key(1, VARINT)).int64(Math.floor(ms / 1000));
  writer
    .uint32(key(2, VARINT))
    .int32((ms % 1000) * 1_000_000)
    .ldelim();
}
