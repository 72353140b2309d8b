import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

/** The parts of OpenTelemetry's own definitions that the tests look at, with their field numbers. */
const DEFINITIONS = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; string version = 2; }
message TraceExport { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  repeated Link links = 13; Status status = 15;
}
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }
message MetricExport { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; Sum sum = 7; Histogram histogram = 9; ExponentialHistogram exponential_histogram = 10; }
message Sum { repeated NumberPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message NumberPoint { repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; double as_double = 4; sfixed64 as_int = 6; }
message Histogram { repeated PlainPoint data_points = 1; int32 aggregation_temporality = 2; }
message PlainPoint {
  repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
  repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
}
message ExponentialHistogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message HistogramPoint {
  repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
  sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9;
}
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
`;
const { root } = protobuf.parse(DEFINITIONS, { keepCase: false });

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly statusCode: number;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
  readonly temporality: number;
  readonly isMonotonic: boolean;
  readonly points: readonly ReceivedPoint[];
}

export interface ReceivedPoint {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly startMs: number;
  readonly timeMs: number;
  /** Of a sum. */
  readonly value: number;
  /** Of a histogram. */
  readonly count: number;
  readonly sum: number;
  readonly scale: number;
  readonly offset: number;
  readonly bucketCounts: readonly number[];
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** One entry an export. */
  readonly exports: ReceivedMetric[][];
  readonly headers: IncomingHttpHeaders[];
}

const FORWARDED = new Set(['content-type', 'content-encoding', 'x-streamlens-export']);

/**
 * Takes OTLP/HTTP in protobuf and decodes it by OpenTelemetry's definitions; anything else is 415.
 *
 * @param forwardTo where each export is sent to as it came, as a collector would
 */
export async function startOtlpReceiver(forwardTo?: string, port = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const exports: ReceivedMetric[][] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      headers.push(request.headers);
      const raw = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      const isProtobuf = request.headers['content-type'] === 'application/x-protobuf';
      if (isProtobuf && request.url === '/v1/traces') spans.push(...spansOf(body));
      else if (isProtobuf && request.url === '/v1/metrics') exports.push(metricsOf(body));
      else response.statusCode = 415;
      response.setHeader('content-type', 'application/x-protobuf');
      if (forwardTo === undefined) response.end();
      else {
        const kept = Object.entries(request.headers).filter(([name]) => FORWARDED.has(name));
        const passed = Object.fromEntries(kept) as Record<string, string>;
        void fetch(`${forwardTo}${request.url}`, { method: 'POST', headers: passed, body: raw })
          .catch(() => undefined)
          .finally(() => response.end());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    exports,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Decoded = Readonly<Record<string, unknown>>;

function decoded(type: string, body: Buffer): Decoded {
  const message = root.lookupType(type);
  return message.toObject(message.decode(body), {
    longs: Number,
    bytes: Buffer,
    arrays: true,
    objects: true,
    defaults: true,
  });
}

function listOf(parent: Decoded, name: string): readonly Decoded[] {
  return (parent[name] as readonly Decoded[] | undefined) ?? [];
}

function attributesOf(parent: Decoded): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    listOf(parent, 'attributes').map(({ key, value }) => {
      const { stringValue, boolValue, intValue, doubleValue } = value as Decoded;
      return [key as string, stringValue ?? boolValue ?? intValue ?? doubleValue];
    }),
  );
}

const hex = (bytes: unknown): string => (bytes as Buffer).toString('hex');
const ms = (nanoseconds: unknown): number => Number(nanoseconds) / 1e6;

function spansOf(body: Buffer): ReceivedSpan[] {
  return listOf(decoded('TraceExport', body), 'resourceSpans').flatMap((group) =>
    listOf(group, 'scopeSpans').flatMap((scope) =>
      listOf(scope, 'spans').map((span) => ({
        traceId: hex(span['traceId']),
        spanId: hex(span['spanId']),
        parentSpanId: hex(span['parentSpanId']),
        name: span['name'] as string,
        kind: span['kind'] as number,
        startMs: ms(span['startTimeUnixNano']),
        endMs: ms(span['endTimeUnixNano']),
        attributes: attributesOf(span),
        resource: attributesOf(group['resource'] as Decoded),
        links: listOf(span, 'links').map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) })),
        statusCode: ((span['status'] as Decoded | null)?.['code'] as number | undefined) ?? 0,
      })),
    ),
  );
}

function metricsOf(body: Buffer): ReceivedMetric[] {
  return listOf(decoded('MetricExport', body), 'resourceMetrics').flatMap((group) =>
    listOf(group, 'scopeMetrics').flatMap((scope) =>
      listOf(scope, 'metrics').map((metric) => {
        const kind = (metric['sum'] ?? metric['exponentialHistogram'] ?? metric['histogram']) as Decoded;
        return {
          name: metric['name'] as string,
          unit: metric['unit'] as string,
          resource: attributesOf(group['resource'] as Decoded),
          scope: (scope['scope'] as Decoded)['name'] as string,
          temporality: kind['aggregationTemporality'] as number,
          isMonotonic: kind['isMonotonic'] === true,
          points: listOf(kind, 'dataPoints').map(pointOf),
        };
      }),
    ),
  );
}

function pointOf(point: Decoded): ReceivedPoint {
  const positive = (point['positive'] ?? { offset: 0, bucketCounts: [] }) as Decoded;
  return {
    attributes: attributesOf(point),
    startMs: ms(point['startTimeUnixNano']),
    timeMs: ms(point['timeUnixNano']),
    value: Number(point['asDouble'] ?? 0) + Number(point['asInt'] ?? 0),
    count: Number(point['count'] ?? 0),
    sum: Number(point['sum'] ?? 0),
    scale: Number(point['scale'] ?? 0),
    offset: Number(positive['offset']),
    bucketCounts: (positive['bucketCounts'] as readonly unknown[]).map(Number),
  };
}
