import type { MeterPart } from '../events/meter-part.ts';
import { decodeMetrics } from './decode/decode-metrics.ts';
import type { OtlpFormat } from './decode/decode-traces.ts';
import type { MetricKind, OtlpMetric, Temporality } from './decode/metric-export.ts';
import type { Decoded } from './decode/trace-export.ts';
import { isMeterName, isOurs } from './dialects/metrics/metric-dialects.ts';
import { createFullKeyTable } from './dialects/wanted-keys.ts';
import { metricsToReports, type TranslatedPoint, unknownMetric } from './metrics-to-reports.ts';
import type { SpansToReportsOptions } from './spans-to-reports.ts';

/**
 * How one data point was read, in the words of the answer to `POST /v1/otlp/explain`; of a metric not read, all at
 * once.
 */
export interface PointExplanation {
  readonly name: string;
  readonly scope: string;
  readonly kind: MetricKind;
  readonly temporality: Temporality;
  readonly data_points: number;
  /** `kept`: a witness of what its sender used, which `GET /v1/coverage` compares with its calls. */
  readonly outcome: 'kept' | 'ignored' | 'rejected';
  readonly reason: string;
  readonly meter: MeterExplanation | null;
}

interface MeterExplanation {
  readonly tenant: string | null;
  readonly sender: string;
  readonly session_id: string | null;
  readonly part: MeterPart;
  /** Tokens, or USD of the part `cost`. */
  readonly value: number;
  /** Of several metrics that tell the same the least is believed. */
  readonly precedence: number;
}

/** Shows for each metric of a posted export what would be kept of it as a witness. Nothing is kept. */
export function explainMetrics(
  body: Uint8Array,
  format: OtlpFormat,
  options: SpansToReportsOptions,
): Decoded<readonly PointExplanation[]> {
  const decoded = decodeMetrics(body, format, { keys: createFullKeyTable(), wants: isMeterName });
  if (!decoded.ok) return decoded;
  const read = metricsToReports(decoded.value, options).translated.map((each) => explained(each));
  const unread = decoded.value.metrics
    .filter(({ name, kind, scope }) => (!isMeterName(name) || isOurs(scope)) && kind !== 'none')
    .map((metric): PointExplanation => {
      const outcome = { outcome: 'ignored', reason: unknownMetric(metric), meter: null } as const;
      return { ...aboutMetric(metric), data_points: metric.pointCount, ...outcome };
    });
  return { ok: true, value: [...read, ...unread] };
}

function explained({ metric, kept, rule, flaw }: TranslatedPoint): PointExplanation {
  const about = { ...aboutMetric(metric), data_points: 1 };
  if (kept === null) {
    return { ...about, outcome: flaw === null ? 'ignored' : 'rejected', reason: flaw ?? rule, meter: null };
  }
  const { owner, point } = kept;
  const { part, precedence, value } = point;
  return {
    ...about,
    outcome: 'kept',
    reason: rule,
    meter: {
      tenant: owner.sender === '' ? (owner.tenant ?? null) : owner.sender,
      sender: owner.service,
      session_id: owner.session === '' ? null : owner.session,
      part,
      value: part === 'cost' ? value / NANO_PER_USD : value,
      precedence,
    },
  };
}

const NANO_PER_USD = 1e9;

function aboutMetric({ name, scope, kind, temporality }: OtlpMetric) {
  return { name, scope: scope.name, kind, temporality };
}
