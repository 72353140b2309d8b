import type { MetricObjectWithValues, MetricValue, MetricValueWithName, Registry } from 'prom-client';
import type { HistogramSeries, Labels, MetricFamily, MetricSource } from './metric-family.ts';

type Told = MetricObjectWithValues<MetricValue<string>>;

/** What a registry of prom-client holds. */
export function registrySource(registry: Pick<Registry, 'getMetricsAsJSON'>): MetricSource {
  return {
    families: async () => (await registry.getMetricsAsJSON()).map((told) => familyOf(told)),
  };
}

function familyOf({ name, help, type, values }: Told): MetricFamily {
  // prom-client types this as an enum of numbers and gives words.
  switch (String(type)) {
    case 'counter':
      return { name, help, type: 'counter', series: values.map(numberSeries) };
    case 'histogram':
      return { name, help, type: 'histogram', series: histogramSeries(values) };
    default:
      return { name, help, type: 'gauge', series: values.map(numberSeries) };
  }
}

function numberSeries({ labels, value }: MetricValue<string>) {
  return { labels: textLabels(labels), value };
}

/** The values of a series follow each other: its buckets, ascending and cumulative, then sum and count. */
function histogramSeries(values: readonly MetricValueWithName<string>[]): HistogramSeries[] {
  const series: HistogramSeries[] = [];
  let buckets: { upperBound: number; cumulativeCount: number }[] = [];
  let sum = 0;
  for (const { metricName = '', labels, value } of values) {
    if (metricName.endsWith('_bucket')) {
      const upperBound = Number(labels['le']);
      if (Number.isFinite(upperBound)) buckets.push({ upperBound, cumulativeCount: value });
    } else if (metricName.endsWith('_sum')) sum = value;
    else {
      series.push({ labels: textLabels(labels), count: value, sum, buckets });
      buckets = [];
    }
  }
  return series;
}

function textLabels(labels: Readonly<Partial<Record<string, string | number>>>): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
