import { aboutScope, attributesAt, instantAt, messages, parseBody, resourceFrom, WrongShape } from './decode-json.ts';
import { isRecord, type JsonRecord, textOf } from './decode-json-attributes.ts';
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
import type { NanoInstant } from './time.ts';
import type { Decoded, OtlpResource, OtlpScope } from './trace-export.ts';

/** Decodes OTLP/JSON of metrics, as forgiving as that of spans. */
export function decodeJsonMetrics(body: Uint8Array, keys: KeyTable, wants: WantsMetric): Decoded<MetricExport> {
  const parsed = parseBody(body);
  if (!parsed.ok) return parsed;
  try {
    return { ok: true, value: { metrics: metricsOf(parsed.value, keys, wants) } };
  } catch (error) {
    if (error instanceof WrongShape) return { ok: false, reason: error.message };
    throw error;
  }
}

function metricsOf(parsed: unknown, keys: KeyTable, wants: WantsMetric): readonly OtlpMetric[] {
  if (!isRecord(parsed)) throw new WrongShape('the body must be an object with resourceMetrics');
  refuseOtherSignals(parsed);
  const metrics: OtlpMetric[] = [];
  for (const [i, resourceMetrics] of messages(parsed, 'resourceMetrics', 'resource_metrics').entries()) {
    const at = `resourceMetrics[${i}]`;
    const resource = resourceFrom(resourceMetrics['resource'], keys, at);
    for (const [j, group] of messages(resourceMetrics, 'scopeMetrics', 'scope_metrics', at).entries()) {
      const place = `${at}.scopeMetrics[${j}]`;
      const about = aboutScope(group['scope'], { resource, keys, at: place });
      for (const [k, metric] of messages(group, 'metrics', undefined, place).entries()) {
        metrics.push(metricFrom(metric, { ...about, keys, wants, at: `${place}.metrics[${k}]` }));
      }
    }
  }
  return metrics;
}

function refuseOtherSignals(body: JsonRecord): void {
  for (const [name, otherName, url] of OTHER_SIGNALS) {
    if (name in body || otherName in body) {
      throw new WrongShape(`these are no metrics (${name}): post them to ${url}, and resourceMetrics to /v1/metrics`);
    }
  }
}

const OTHER_SIGNALS = [
  ['resourceSpans', 'resource_spans', '/v1/traces'],
  ['resourceLogs', 'resource_logs', '/v1/logs'],
] as const;

interface MetricPlace {
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
  readonly keys: KeyTable;
  readonly wants: WantsMetric;
  /** The path of the metric in the body, for error texts. */
  readonly at: string;
}

const KINDS: readonly (readonly [kind: MetricKind, name: string, otherName: string])[] = [
  ['gauge', 'gauge', 'gauge'],
  ['sum', 'sum', 'sum'],
  ['histogram', 'histogram', 'histogram'],
  ['exponential histogram', 'exponentialHistogram', 'exponential_histogram'],
  ['summary', 'summary', 'summary'],
];

function metricFrom(metric: JsonRecord, { scope, resource, keys, wants, at }: MetricPlace): OtlpMetric {
  const name = textOf(metric['name']);
  const about = { name, unit: textOf(metric['unit']), scope, resource };
  for (const [kind, field, otherField] of KINDS) {
    const shape = metric[field] ?? metric[otherField];
    if (!isRecord(shape)) continue;
    const points = messages(shape, 'dataPoints', 'data_points', `${at}.${field}`);
    return {
      ...about,
      kind,
      temporality: temporalityFrom(shape['aggregationTemporality'] ?? shape['aggregation_temporality']),
      pointCount: points.length,
      points: wants(name) ? points.map((point) => pointFrom(point, kind, keys)) : [],
    };
  }
  return { ...about, kind: 'none', temporality: 'unspecified', pointCount: 0, points: [] };
}

function pointFrom(point: JsonRecord, kind: MetricKind, keys: KeyTable): OtlpPoint {
  const flags = numberFrom(point['flags']) ?? 0;
  const isNumber = kind === 'gauge' || kind === 'sum';
  const value = isNumber
    ? (numberFrom(point['asInt'] ?? point['as_int']) ?? numberFrom(point['asDouble'] ?? point['as_double']))
    : numberFrom(point['sum']);
  return {
    attributes: attributesAt(point, keys, 'dataPoints[]'),
    startNs: nanosOf(instantAt(point['startTimeUnixNano'] ?? point['start_time_unix_nano'])),
    timeNs: nanosOf(instantAt(point['timeUnixNano'] ?? point['time_unix_nano'])),
    value: (flags & NO_RECORDED_VALUE) === 0 ? value : null,
  };
}

function temporalityFrom(value: unknown): Temporality {
  if (typeof value === 'number') return TEMPORALITIES[value] ?? 'unspecified';
  const name = textOf(value).replace('AGGREGATION_TEMPORALITY_', '').toLowerCase();
  return TEMPORALITIES.find((each) => each === name) ?? TEMPORALITIES[Number(name)] ?? 'unspecified';
}

/** 64 bit integers are strings in OTLP/JSON. */
function numberFrom(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : null;
}

function nanosOf({ high, low }: NanoInstant): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
