import type { MetricFamily, MetricSource } from './metric-family.ts';

/** The same metrics with one more label, so that two of a kind in one process can be told apart. */
export function labelled(source: MetricSource, label: string, value: string): MetricSource {
  return { families: async () => (await source.families()).map((family) => withLabel(family, label, value)) };
}

function withLabel(family: MetricFamily, label: string, value: string): MetricFamily {
  const add = <T extends MetricFamily['series'][number]>(series: T): T => ({
    ...series,
    labels: { ...series.labels, [label]: value },
  });
  return family.type === 'histogram'
    ? { ...family, series: family.series.map(add) }
    : { ...family, series: family.series.map(add) };
}
