import { oneStep, type Stretch, type TimeRange } from '../tally/steps.ts';
import { isEmptyTally, Tally } from '../tally/tally.ts';
import { splitByErrorKind } from './errors-by-kind.ts';
import type { MetricsCursor, MetricsQuery, MetricsRow, SummaryQuery } from './metrics-reader.ts';

/** A stored row that can be added to a sum; how it is decoded is the adapter's business. */
export interface Summand {
  readonly windowStartMs: number;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  /** Where rows of one series share it, their group is found faster. */
  readonly seriesId?: number;
  addTo(into: Tally): void;
}

/** A query about one tenant. */
export type TenantQuery = MetricsQuery & { readonly tenantId: string };

/**
 * Turns stored rows into the rows of a query: sums them per step and group, sorts the groups, and honours cursor and
 * limit. One for all stores, so that SQL stays a range scan: `select … where window in range order by window`.
 *
 * Rows must come stretch by stretch, in each in the order of their windows, as `query.order` says. Only one step is
 * held at a time, and `add` answers false once the limit is reached, so that the scan can stop: the newest 60 rows cost
 * 60 rows.
 */
export class Regrouper {
  readonly #query: TenantQuery;
  readonly #rows: MetricsRow[] = [];
  readonly #groups = new Map<string, MetricsRow>();
  readonly #names: NamedGroups;
  readonly #isByErrorKind: boolean;
  readonly #afterKey: string | null;
  readonly #afterStepMs: number | null;
  /** Of the step that is held. */
  readonly #groupsOfSeries = new Map<number, MetricsRow>();
  #step: TimeRange = { fromMs: 0, toMs: 0 };

  constructor(query: TenantQuery) {
    this.#query = query;
    const { after, steps, groupBy } = query;
    this.#afterKey = after === null ? null : groupKey(after);
    this.#afterStepMs = after === null ? null : steps.at(after.windowStartMs).fromMs;
    this.#isByErrorKind = groupBy.includes('error_kind');
    this.#names = {
      tenantId: groupBy.includes('tenant_id') ? query.tenantId : null,
      hasRoute: groupBy.includes('route'),
      hasModel: groupBy.includes('model'),
      hasProvider: groupBy.includes('provider'),
    };
  }

  /** False: there is enough, no more rows are needed. */
  add(row: Summand): boolean {
    const { fromMs, toMs } = this.#step;
    if (row.windowStartMs < fromMs || row.windowStartMs >= toMs) {
      this.#closeStep();
      this.#step = this.#query.steps.at(row.windowStartMs);
      if (this.#rows.length >= this.#query.limit) return false;
    }
    row.addTo(this.#groupOfSeries(row).tally);
    return true;
  }

  /** Call once, after the last row. */
  finish(): readonly MetricsRow[] {
    this.#closeStep();
    return this.#rows;
  }

  #groupOfSeries(row: Summand): MetricsRow {
    const { seriesId } = row;
    if (seriesId === undefined) return this.#groupOf(row);
    let group = this.#groupsOfSeries.get(seriesId);
    if (group === undefined) {
      group = this.#groupOf(row);
      this.#groupsOfSeries.set(seriesId, group);
    }
    return group;
  }

  #groupOf(row: Summand): MetricsRow {
    const { tenantId, hasRoute, hasModel, hasProvider } = this.#names;
    const route = hasRoute ? row.route : null;
    const model = hasModel ? row.model : null;
    const provider = hasProvider ? row.provider : null;
    const key = groupKey({ tenantId, route, model, provider, errorKind: null });
    let group = this.#groups.get(key);
    if (group === undefined) {
      const windowStartMs = Math.max(this.#step.fromMs, this.#query.fromMs);
      const windowEndMs = Math.min(this.#step.toMs, this.#query.toMs);
      const names = { tenantId, route, model, provider, errorKind: null };
      group = { windowStartMs, windowEndMs, ...names, tally: new Tally() };
      this.#groups.set(key, group);
    }
    return group;
  }

  #closeStep(): void {
    const { limit } = this.#query;
    const isCursorStep = this.#afterStepMs === this.#step.fromMs;
    const afterKey = isCursorStep ? this.#afterKey : null;
    for (const [, group] of [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // A row from which all was taken back again is as if it had never been.
      if (isEmptyTally(group.tally)) continue;
      for (const row of this.#isByErrorKind ? rowsByErrorKind(group) : [group]) {
        if (this.#rows.length >= limit) break;
        if (afterKey === null || groupKey(row) > afterKey) this.#rows.push(row);
      }
    }
    this.#groups.clear();
    this.#groupsOfSeries.clear();
  }
}

/** In the order of their keys, as the kind comes last in them. */
function rowsByErrorKind(group: MetricsRow): readonly MetricsRow[] {
  return splitByErrorKind(group.tally).map(([errorKind, tally]) => ({ ...group, errorKind, tally }));
}

interface NamedGroups {
  readonly tenantId: string | null;
  readonly hasRoute: boolean;
  readonly hasModel: boolean;
  readonly hasProvider: boolean;
}

/** The parts of the query's range that the cursor leaves, its own step included: that step may hold more groups. */
export function stretchesToScan({ fromMs, toMs, after, steps, order }: MetricsQuery): Iterable<Stretch> {
  if (after === null) return steps.stretches({ fromMs, toMs }, order);
  const step = steps.at(after.windowStartMs);
  const rest =
    order === 'asc' ? { fromMs: Math.max(fromMs, step.fromMs), toMs } : { fromMs, toMs: Math.min(toMs, step.toMs) };
  return steps.stretches(rest, order);
}

/** A summary as a query for rows: all of the range is one step. */
export function summaryAsMetrics(query: SummaryQuery): MetricsQuery {
  return { ...query, steps: oneStep(), order: 'asc', limit: Number.POSITIVE_INFINITY, after: null };
}

type GroupNames = { readonly [Name in Exclude<keyof MetricsCursor, 'windowStartMs'>]: string | null };

/** Sorts as the tuple does, since U+0000 is the smallest character and in no dimension. */
export function groupKey({ tenantId, route, model, provider, errorKind }: GroupNames): string {
  return `${tenantId ?? ''}\0${route ?? ''}\0${model ?? ''}\0${provider ?? ''}\0${errorKind ?? ''}`;
}
