import { hash } from 'node:crypto';
import { METER_POINTS_MAX, METER_VALUE_MAX, type MeterPoint, type MeterReport } from '../reports/meter-report.ts';
import type { MetricExport, OtlpMetric, OtlpPoint } from './decode/metric-export.ts';
import { type Attributes, type AttributeValue, KIND_CLIENT, type OtlpSpan } from './decode/trace-export.ts';
import { agentOf, agentSessionOf } from './dialects/agents.ts';
import type { MetricDialect } from './dialects/metrics/metric-dialect.ts';
import { isOurs, mayBeMeter, metricDialect } from './dialects/metrics/metric-dialects.ts';
import { textFrom } from './dialects/read-value.ts';
import type { Rejected, SpansToReportsOptions } from './spans-to-reports.ts';
import { cut, dimension } from './to-events/cut-text.ts';
import { type Uncounted, UncountedSpans } from './uncounted.ts';

/** A data point and what it says. */
export interface TranslatedPoint {
  readonly metric: OtlpMetric;
  readonly point: OtlpPoint;
  /** Null for one that is not kept. */
  readonly kept: KeptPoint | null;
  /** Which rule decided. */
  readonly rule: string;
  /** Nobody knows what it says. */
  readonly isUnknown: boolean;
  readonly flaw: string | null;
}

export interface KeptPoint {
  readonly owner: Omit<MeterReport, 'points'>;
  readonly point: MeterPoint;
}

export interface MetricsToReports {
  /** Of metrics that are read. */
  readonly translated: readonly TranslatedPoint[];
  readonly reports: readonly MeterReport[];
  /** All points of the export, also those that nobody reads. */
  readonly pointCount: number;
  readonly rejected: readonly Rejected[];
  /** What may tell tokens or cost and is not kept. */
  readonly uncounted: readonly Uncounted[];
}

/**
 * Says what the metrics of an export say that their sender used. Pure: the same export says the same again, by which
 * a repetition changes nothing.
 */
export function metricsToReports({ metrics }: MetricExport, options: SpansToReportsOptions): MetricsToReports {
  const uncounted = new UncountedSpans();
  const rejected: Rejected[] = [];
  const translated: TranslatedPoint[] = [];
  for (const metric of metrics) {
    const dialect = metricDialect(metric);
    if (dialect === null) {
      if (mayBeMeter(metric)) uncounted.note(metric, unknownMetric(metric), metric.pointCount);
      continue;
    }
    const identity = identityOf(metric);
    for (const point of metric.points) {
      const read = translate(point, { metric, dialect, identity, options });
      translated.push(read);
      if (read.flaw !== null) rejected.push({ spanId: metric.name, reason: read.flaw });
      else if (read.isUnknown) uncounted.note({ ...metric, attributes: point.attributes }, read.rule, 1);
    }
  }
  const pointCount = metrics.reduce((sum, metric) => sum + metric.pointCount, 0);
  return { translated, reports: grouped(translated), pointCount, rejected, uncounted: uncounted.list() };
}

/** For the explanation, and for whoever looks at what was not kept. */
export function unknownMetric({ name, scope }: Pick<OtlpMetric, 'name' | 'scope'>): string {
  if (isOurs(scope)) return `the metric ${name} tells what StreamLens has counted`;
  return `the metric ${name} is none by which use is known`;
}

interface PointContext {
  readonly metric: OtlpMetric;
  readonly dialect: MetricDialect;
  /** What all points of the metric have in common. */
  readonly identity: readonly unknown[];
  readonly options: SpansToReportsOptions;
}

function translate(point: OtlpPoint, { metric, dialect, identity, options }: PointContext): TranslatedPoint {
  const reading = dialect.read(point, metric);
  const said = { metric, point, rule: reading.rule, isUnknown: reading.role === 'none' };
  if (reading.role !== 'meter') return { ...said, kept: null, flaw: null };
  if (point.value === null) return { ...said, kept: null, rule: 'a point without a value', flaw: null };
  const amount = point.value * (reading.part === 'cost' ? NANO_PER_USD : 1);
  const flaw = flawOf(point, metric, amount);
  if (flaw !== null) return { ...said, kept: null, flaw };
  const isDelta = metric.temporality === 'delta' && metric.kind !== 'gauge';
  const { startNs, timeNs } = point;
  const stream = digest([...identity, reading.part, pairsOf(point.attributes), isDelta ? 'delta' : String(startNs)]);
  return {
    ...said,
    flaw: null,
    kept: {
      owner: ownerOf(point, metric, { dialect, options }),
      point: {
        stream,
        part: reading.part,
        precedence: dialect.precedence,
        ...(isDelta ? { start: String(startNs) } : {}),
        at: String(timeNs),
        value: Math.round(amount),
      },
    },
  };
}

const NANO_PER_USD = 1e9;
const MS_TO_NS = 1_000_000n;
/** 1970 to 2199, as the events allow. */
const TIME_NS_MAX = BigInt(Date.UTC(2200, 0, 1)) * MS_TO_NS - 1n;

/** Why a point cannot be kept, for its sender. */
function flawOf({ startNs, timeNs }: OtlpPoint, metric: OtlpMetric, amount: number): string | null {
  const { name, kind, temporality } = metric;
  if (timeNs <= 0n || timeNs > TIME_NS_MAX) {
    return `time_unix_nano of ${name} must be ns since 1970, before the year 2200`;
  }
  if (!(amount >= 0 && amount <= METER_VALUE_MAX)) return `the value of ${name} must be a number from 0 up`;
  const isSum = kind !== 'gauge' && kind !== 'summary';
  if (isSum && temporality === 'unspecified') return `${name} must say whether it is cumulative or delta`;
  return temporality === 'delta' && startNs > timeNs
    ? `start_time_unix_nano of ${name} must not be after its time_unix_nano`
    : null;
}

interface Whose {
  readonly dialect: MetricDialect;
  readonly options: SpansToReportsOptions;
}

function ownerOf(point: OtlpPoint, metric: OtlpMetric, { dialect, options }: Whose): KeptPoint['owner'] {
  const { scope, resource } = metric;
  const agent = dialect.agent ?? agentOf(metric);
  const service = textFrom(resource.attributes.get('service.name'));
  const tenant = dimension(options.dimensions.tenant([spanOf(point, metric)])?.value ?? null);
  return {
    kind: 'meter',
    sender: options.tenantOfKey ?? '',
    ...(tenant === null ? {} : { tenant }),
    service: agent ?? dimension(service) ?? dimension(scope.name) ?? UNKNOWN_SERVICE,
    session: agent === null ? '' : (agentSessionOf(point.attributes, resource) ?? ''),
    scope: cut(scope.name, NAME_CHARS_MAX),
  };
}

const UNKNOWN_SERVICE = 'unknown';
const NAME_CHARS_MAX = 255;

/** The point as a span, so that tenants are found by the same rules. */
function spanOf({ attributes }: OtlpPoint, { name, scope, resource }: OtlpMetric): OtlpSpan {
  const ids = { traceId: '', spanId: '', parentSpanId: '' };
  const times = { startMs: 0, durationMs: null };
  const status = { statusCode: 0, statusMessage: '' };
  return { ...ids, ...times, ...status, name, kind: KIND_CLIENT, attributes, events: [], scope, resource };
}

function identityOf({ name, unit, kind, scope, resource }: OtlpMetric): readonly unknown[] {
  return [digest([pairsOf(resource.attributes)]), scope.name, name, unit, kind];
}

/** In one order, for an exporter may change it. */
function pairsOf({ keys, values }: Attributes): readonly (readonly [string, string])[] {
  return keys.map((key, i) => [key, written(values[i])] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function written(value: AttributeValue | undefined): string {
  return value instanceof Uint8Array ? hash('sha256', value) : JSON.stringify(value ?? null);
}

function digest(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, STREAM_CHARS);
}

const STREAM_CHARS = 32;

/** One report per owner, or as many as its points need. */
function grouped(translated: readonly TranslatedPoint[]): readonly MeterReport[] {
  const byOwner = new Map<string, { readonly owner: KeptPoint['owner']; readonly points: MeterPoint[] }>();
  for (const { kept } of translated) {
    if (kept === null) continue;
    const key = JSON.stringify(kept.owner);
    const known = byOwner.get(key);
    if (known === undefined) byOwner.set(key, { owner: kept.owner, points: [kept.point] });
    else known.points.push(kept.point);
  }
  return Array.from(byOwner.values(), ({ owner, points }) =>
    Array.from({ length: Math.ceil(points.length / METER_POINTS_MAX) }, (_, i) => ({
      ...owner,
      points: points.slice(i * METER_POINTS_MAX, (i + 1) * METER_POINTS_MAX),
    })),
  ).flat();
}
