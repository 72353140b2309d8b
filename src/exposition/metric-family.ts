/** All series of one name, as a scrape tells them; how they are written is another matter. */
export type MetricFamily = NumberFamily | HistogramFamily;

interface Named {
  /** As in Prometheus' text format: that of a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
}

export interface NumberFamily extends Named {
  readonly type: 'counter' | 'gauge';
  readonly series: readonly NumberSeries[];
}

export interface HistogramFamily extends Named {
  readonly type: 'histogram';
  readonly series: readonly HistogramSeries[];
}

export type Labels = Readonly<Record<string, string>>;

export interface NumberSeries {
  readonly labels: Labels;
  readonly value: number;
  /** When a counter began, where that is known: what it has counted since is an increase. */
  readonly createdMs?: number;
}

export interface HistogramSeries {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  /** Classic buckets, ascending, without that of infinity. */
  readonly buckets: readonly ClassicBucket[];
  readonly native?: NativeBuckets;
  readonly createdMs?: number;
}

export interface ClassicBucket {
  readonly upperBound: number;
  /** Of all values up to the bound. */
  readonly cumulativeCount: number;
}

/** Buckets of a native histogram: that of index `i` holds `(base^(i-1), base^i]` with `base = 2^(2^-schema)`. */
export interface NativeBuckets {
  readonly schema: number;
  /** Values up to it are in `zeroCount`. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** By ascending index, none without a count. */
  readonly buckets: readonly (readonly [index: number, count: number])[];
}

/** Whoever has metrics, here or in a thread. */
export interface MetricSource {
  families(): Promise<readonly MetricFamily[]> | readonly MetricFamily[];
}
