import { NONE, OVERFLOW, REPRICED } from '../tally/series.ts';
import type { BusiestGroups, MetricsRow } from './metrics-reader.ts';

/** @param rows of a summary, in its order */
export function busiestOf(rows: readonly MetricsRow[], limit: number): BusiestGroups {
  return {
    rows: rows.toSorted((a, b) => b.tally.requests - a.tally.requests).slice(0, limit),
    groupCount: rows.length,
    distinctValues: distinctValues(rows.map(({ value }) => value)),
  };
}

export function distinctValues(found: Iterable<string | undefined>): number | null {
  const values = new Set(found);
  if (values.has(OVERFLOW)) return null;
  return [...values].filter((value) => value !== undefined && value !== NONE && value !== REPRICED).length;
}
