import { attributes, instant, type JsonKeyValue, nested, tag, type Write } from './encode-logs.contract.ts';
import { field } from './otlp-builders.contract.ts';

export interface JsonPoint {
  readonly attributes: readonly JsonKeyValue[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano?: string;
  readonly asInt?: string | number;
  readonly asDouble?: number;
  readonly sum?: number;
  readonly flags?: number;
}

interface JsonPoints {
  readonly aggregationTemporality?: number;
  readonly dataPoints: readonly JsonPoint[];
}

export interface JsonMetric {
  readonly name: string;
  readonly unit?: string;
  readonly gauge?: JsonPoints;
  readonly sum?: JsonPoints;
  readonly histogram?: JsonPoints;
  readonly exponentialHistogram?: JsonPoints;
  readonly summary?: JsonPoints;
}

/** OTLP/JSON of metrics, as agents write it. */
export interface JsonMetrics {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly JsonKeyValue[] };
    readonly scopeMetrics: readonly {
      readonly scope?: { readonly name: string; readonly version?: string };
      readonly metrics: readonly JsonMetric[];
    }[];
  }[];
}

/** Numbers of the fields: of the points in the metric, and in a point. */
const SHAPES = [
  ['gauge', { points: 5, attributes: 7, flags: 8, double: 4 }],
  ['sum', { points: 7, attributes: 7, flags: 8, double: 4 }],
  ['histogram', { points: 9, attributes: 9, flags: 10, double: 5 }],
  ['exponentialHistogram', { points: 10, attributes: 1, flags: 10, double: 5 }],
  ['summary', { points: 11, attributes: 7, flags: 8, double: 5 }],
] as const;
const INTEGER = 6;

/** Writes a JSON export as protobuf: `metrics/v1/metrics.proto` of opentelemetry-proto 1.9. */
export function encodeMetrics({ resourceMetrics }: JsonMetrics): Buffer {
  const parts = resourceMetrics.map(({ resource, scopeMetrics }) =>
    field(1, (writer) => {
      nested(writer, 1, attributes(1, resource.attributes));
      for (const { scope, metrics } of scopeMetrics) {
        nested(writer, 2, (group) => {
          nested(group, 1, (named) => {
            named.uint32(tag(1, 2)).string(scope?.name ?? '');
            named.uint32(tag(2, 2)).string(scope?.version ?? '');
          });
          for (const metric of metrics) nested(group, 2, written(metric));
        });
      }
    }),
  );
  return Buffer.concat(parts);
}

function written(metric: JsonMetric): Write {
  return (writer) => {
    writer.uint32(tag(1, 2)).string(metric.name);
    writer.uint32(tag(3, 2)).string(metric.unit ?? '');
    for (const [name, numbers] of SHAPES) {
      const shape = metric[name];
      if (shape === undefined) continue;
      nested(writer, numbers.points, (points) => {
        for (const each of shape.dataPoints) nested(points, 1, pointOf(each, numbers));
        if (shape.aggregationTemporality !== undefined) points.uint32(tag(2, 0)).uint32(shape.aggregationTemporality);
      });
    }
  };
}

function pointOf(point: JsonPoint, numbers: (typeof SHAPES)[number][1]): Write {
  return (writer) => {
    attributes(numbers.attributes, point.attributes)(writer);
    instant(writer, 2, point.startTimeUnixNano);
    instant(writer, 3, point.timeUnixNano);
    const double = point.sum ?? point.asDouble;
    if (double !== undefined) writer.uint32(tag(numbers.double, 1)).double(double);
    if (point.asInt !== undefined) writer.uint32(tag(INTEGER, 1)).sfixed64(Number(point.asInt));
    if (point.flags !== undefined) writer.uint32(tag(numbers.flags, 0)).uint32(point.flags);
  };
}
