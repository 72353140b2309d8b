import type { KeyTable } from './key-table.ts';
import {
  type MetricExport,
  type MetricKind,
  NO_RECORDED_VALUE,
  type OtlpMetric,
  type OtlpPoint,
  TEMPORALITIES,
  type Temporality,
  type WantsMetric,
} from './metric-export.ts';
import { FIXED64, type Group, LENGTH_DELIMITED, type Place, ProtobufWalk, VARINT } from './protobuf-walk.ts';
import type { Decoded } from './trace-export.ts';

/**
 * Decodes `opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`. Points of metrics that nobody reads
 * are counted and passed over: an agent sends some sixty metrics for one call. Field numbers: opentelemetry-proto
 * 1.9, `metrics/v1/metrics.proto`.
 */
export function decodeProtobufMetrics(body: Uint8Array, keys: KeyTable, wants: WantsMetric): Decoded<MetricExport> {
  try {
    const walk = new ProtobufWalk(Buffer.from(body.buffer, body.byteOffset, body.byteLength), keys);
    const metrics: OtlpMetric[] = [];
    for (const group of walk.groups()) {
      for (const place of group.places) metrics.push(metricFrom(walk, place, { ...group, wants }));
    }
    return { ok: true, value: { metrics } };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the body is not a protobuf ExportMetricsServiceRequest: ${detail}` };
  }
}

/** By the number of the field in which a metric holds its points. */
const KIND_OF_FIELD: ReadonlyMap<number, MetricKind> = new Map([
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
  [10, 'exponential histogram'],
  [11, 'summary'],
]);

type MetricGroup = Group & { readonly wants: WantsMetric };

function metricFrom(walk: ProtobufWalk, { start, end }: Place, { scope, resource, wants }: MetricGroup): OtlpMetric {
  const { reader } = walk;
  reader.pos = start;
  let [name, unit] = ['', ''];
  let shape: (Place & { readonly kind: MetricKind }) | null = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const kind = KIND_OF_FIELD.get(tag >>> 3);
    if ((tag & 7) !== LENGTH_DELIMITED) reader.skipType(tag & 7);
    else if (tag >>> 3 === 1) name = walk.text('utf8');
    else if (tag >>> 3 === 3) unit = walk.text('utf8');
    else if (kind === undefined) reader.skipType(LENGTH_DELIMITED);
    else {
      const shapeEnd = walk.end();
      shape = { kind, start: reader.pos, end: shapeEnd };
      reader.pos = shapeEnd;
    }
  }
  if (reader.pos !== end) throw new RangeError('a metric is longer than its length prefix says');
  const about = { name, unit, scope, resource };
  if (shape === null) return { ...about, kind: 'none', temporality: 'unspecified', pointCount: 0, points: [] };
  const { kind } = shape;
  const places = walk.messages(shape.start, shape.end, 1);
  const temporality = temporalityOf(walk, shape);
  const points = wants(name) ? places.map((place) => pointFrom(walk, place, kind)) : [];
  return { ...about, kind, temporality, pointCount: places.length, points };
}

function temporalityOf({ reader }: ProtobufWalk, { start, end }: Place): Temporality {
  let temporality = 0;
  reader.pos = start;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === ((2 << 3) | VARINT)) temporality = reader.uint32();
    else reader.skipType(tag & 7);
  }
  return TEMPORALITIES[temporality] ?? 'unspecified';
}

/** Where a point has what, by the number of the field. */
interface PointFields {
  readonly attributes: number;
  readonly flags: number;
  /** Of a double, if the value is one. */
  readonly double: number;
  readonly integer: number | null;
}

const NUMBER: PointFields = { attributes: 7, flags: 8, double: 4, integer: 6 };
const FIELDS: Readonly<Record<MetricKind, PointFields>> = {
  gauge: NUMBER,
  sum: NUMBER,
  histogram: { attributes: 9, flags: 10, double: 5, integer: null },
  'exponential histogram': { attributes: 1, flags: 10, double: 5, integer: null },
  summary: { attributes: 7, flags: 8, double: 5, integer: null },
  none: NUMBER,
};

function pointFrom(walk: ProtobufWalk, { start, end }: Place, kind: MetricKind): OtlpPoint {
  const { reader } = walk;
  const fields = FIELDS[kind];
  const attributes = walk.attributes.emptyList();
  let [startNs, timeNs] = [0n, 0n];
  let value: number | null = null;
  let flags = 0;
  reader.pos = start;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const [field, wireType] = [tag >>> 3, tag & 7];
    if (wireType === FIXED64 && field === 2) startNs = walk.nanos();
    else if (wireType === FIXED64 && field === 3) timeNs = walk.nanos();
    else if (wireType === FIXED64 && field === fields.double) value = walk.double();
    else if (wireType === FIXED64 && field === fields.integer) value = walk.sfixed64();
    else if (wireType === VARINT && field === fields.flags) flags = reader.uint32();
    else if (wireType === LENGTH_DELIMITED && field === fields.attributes) walk.attributes.keyValueInto(attributes);
    else reader.skipType(wireType);
  }
  if (reader.pos !== end) throw new RangeError('a data point is longer than its length prefix says');
  return { attributes, startNs, timeNs, value: (flags & NO_RECORDED_VALUE) === 0 ? value : null };
}
