import { invalidQuery } from '../../http/invalid-query.ts';
import type { DimensionChoice, GroupBy } from '../../metrics-store/metrics-reader.ts';
import { GROUPS } from '../../metrics-store/metrics-reader.ts';
import type { TimeZone } from '../../tally/time-zone.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { KeptDimensions } from './query-context.ts';

/** What of a question is about a dimension, and by what its rows are grouped. */
export interface AskedGroups {
  readonly groupBy: readonly GroupBy[];
  readonly dimension?: DimensionChoice;
}

const SERIES_GROUPS: ReadonlySet<string> = new Set(GROUPS);
const FILTERS = ['user', 'session', 'agent', 'team'] as const;

/**
 * The groups and the dimension of a question.
 *
 * @param text the checked `group_by`
 * @throws {Problem} 400 where the dimension is not kept, or there are two
 */
export function groupsOf(
  text: string,
  query: Readonly<Record<string, unknown>>,
  { names }: KeptDimensions,
): AskedGroups {
  const grouped = [...namesIn(text)].filter((name) => name !== '' && name !== 'none' && !SERIES_GROUPS.has(name));
  const filtered = [...new Set([...FILTERS, ...names])].filter((name) => query[name] !== undefined);
  const kept = names.length === 0 ? 'which is not set' : `which names ${names.join(', ')}`;
  const unknownGroup = grouped.find((name) => !names.includes(name));
  if (unknownGroup !== undefined) {
    throw invalidQuery([
      { path: '/group_by', message: `has ${unknownGroup}, which is not in METRIC_DIMENSIONS, ${kept}` },
    ]);
  }
  const unknown = filtered.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw invalidQuery([{ path: `/${unknown}`, message: `is not in METRIC_DIMENSIONS, ${kept}` }]);
  const groupBy = seriesGroupsOf(text);
  const [name, other] = new Set([...grouped, ...filtered]);
  if (name === undefined) return { groupBy };
  if (other !== undefined) {
    const message = `must be about one of METRIC_DIMENSIONS at a time, since each is summed by itself: ${name} or ${other}`;
    throw invalidQuery([{ path: grouped.includes(other) ? '/group_by' : `/${other}`, message }]);
  }
  const value = query[name];
  const dimension = { name, value: typeof value === 'string' ? value : null };
  return { groupBy: grouped.length === 0 ? groupBy : [...groupBy, 'dimension'], dimension };
}

/** Those that rows are kept for, whatever else is grouped by. */
function seriesGroupsOf(text: string): readonly GroupBy[] {
  const names = namesIn(text);
  return GROUPS.filter((group) => names.has(group));
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split(',').map((name) => name.trim()));
}

/**
 * Those whose sums are exported: all that are kept, or those that are named.
 *
 * @throws {Problem} 400 where one is not kept, or none
 */
export function exportedDimensions(
  { dataset, dimension: named }: { readonly dataset: string; readonly dimension?: readonly string[] },
  { names }: KeptDimensions,
): readonly string[] {
  if (dataset !== 'dimensions') {
    if (named === undefined) return [];
    throw invalidQuery([{ path: '/dimension', message: 'has a meaning for dimensions only' }]);
  }
  if (names.length === 0) {
    throw invalidQuery([{ path: '/dataset', message: 'can be dimensions only where METRIC_DIMENSIONS is set' }]);
  }
  const unknown = named?.find((name) => !names.includes(name));
  if (unknown === undefined) return named === undefined ? names : [...new Set(named)];
  const message = `has ${unknown}, which is not in METRIC_DIMENSIONS, which names ${names.join(', ')}`;
  throw invalidQuery([{ path: '/dimension', message }]);
}

/** The least length of what is kept of a question's dimension: of it are all steps and the range. */
export function dimensionUnitMs({ dimension }: AskedGroups, { areMinutesKept }: KeptDimensions): number {
  return dimension === undefined || areMinutesKept ? MINUTE_MS : HOUR_MS;
}

/** @throws {Problem} 400 where clocks are off by less than what is kept of the dimension */
export function checkZone(zone: TimeZone | null, unitMs: number, nowMs: number): void {
  if (zone === null || unitMs === MINUTE_MS) return;
  if (zone.isCutBy(unitMs, { fromMs: Math.max(0, nowMs - 5 * 366 * DAY_MS), toMs: nowMs })) return;
  const message = `has half hours, and what is summed by METRIC_DIMENSIONS is kept per hour unless METRIC_DIMENSION_MINUTES is set`;
  throw invalidQuery([{ path: '/timezone', message }]);
}

/** @throws {Problem} 400 where a step is asked for that is shorter than what is kept of the dimension */
export function checkStep(stepMs: number, unitMs: number): void {
  if (stepMs >= unitMs) return;
  const message =
    'must be 1h or more: what is summed by METRIC_DIMENSIONS is kept per hour unless METRIC_DIMENSION_MINUTES is set';
  throw invalidQuery([{ path: '/step', message }]);
}
