import type { Attributes, OtlpResource, OtlpScope } from './trace-export.ts';

/** One ExportMetricsServiceRequest after decoding: of metrics that nobody reads only the number of points is kept. */
export interface MetricExport {
  readonly metrics: readonly OtlpMetric[];
}

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponential histogram' | 'summary' | 'none';
export type Temporality = 'unspecified' | 'delta' | 'cumulative';

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: MetricKind;
  readonly temporality: Temporality;
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
  readonly pointCount: number;
  /** Empty where the metric is not wanted. */
  readonly points: readonly OtlpPoint[];
}

export interface OtlpPoint {
  readonly attributes: Attributes;
  /** Ns since the epoch; 0 where the sender gave none. */
  readonly startNs: bigint;
  readonly timeNs: bigint;
  /** Of a number its value, of a histogram its sum; null where there is none, or where it is said to be no value. */
  readonly value: number | null;
}

/** Which metrics are decoded point by point. */
export type WantsMetric = (name: string) => boolean;

/** `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`: the series has ended, its value means nothing. */
export const NO_RECORDED_VALUE = 1;

export const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];
