import type { HistogramFamily, MetricFamily, MetricSource, NumberFamily } from './metric-family.ts';

/** Several sources as one; those that are not there are left out. */
export function joined(sources: readonly (MetricSource | undefined)[]): MetricSource {
  return {
    families: async () => {
      const told = await Promise.all(sources.map(async (source) => source?.families() ?? []));
      return oneOfEachName(told.flat());
    },
  };
}

/** By name, each once: the series of families that have the same name stand together, as scrapers want them. */
function oneOfEachName(families: readonly MetricFamily[]): readonly MetricFamily[] {
  const byName = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = byName.get(family.name);
    byName.set(family.name, known === undefined ? family : together(known, family));
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function together(a: MetricFamily, b: MetricFamily): MetricFamily {
  if (a.type === 'histogram' && b.type === 'histogram') {
    return { ...a, series: [...a.series, ...b.series] } satisfies HistogramFamily;
  }
  if (a.type !== 'histogram' && b.type === a.type) {
    return { ...a, series: [...a.series, ...b.series] } satisfies NumberFamily;
  }
  throw new Error(`${a.name} is a ${a.type} here and a ${b.type} there`);
}
