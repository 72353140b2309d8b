import { oneStep, type Stretch, type TimeRange } from '../tally/steps.ts';
import { isEmptyTally, Tally } from '../tally/tally.ts';
import { splitByErrorKind } from './errors-by-kind.ts';
import type { MetricsQuery, MetricsRow, SummaryQuery } from './metrics-reader.ts';

/** A stored row that can be added to a sum; how it is decoded is the adapter's business. */
export interface Summand {
  readonly windowStartMs: number;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  /** In the dimension that the question is about; absent where it is about none. */
  readonly value?: string;
  /** Where rows of one series, or of one series and value, share it, their group is found faster. */
  readonly seriesId?: number;
  addTo(into: Tally): void;
}

/** So many rows, some 500 KB, are told at a time where they are wanted as they are found. */
const ROWS_TOLD_MIN = 500;

/** A query about one tenant. */
export type TenantQuery = MetricsQuery & { readonly tenantId: string };

/** Whether it is about some of the tenant's series only. */
export function isFiltered({ route, model, provider }: Pick<TenantQuery, 'route' | 'model' | 'provider'>): boolean {
  return route !== null || model !== null || provider !== null;
}

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
  #rows: MetricsRow[] = [];
  /** Of all, those that were told included. */
  #rowCount = 0;
  readonly #groups = new Map<string, MetricsRow>();
  readonly #names: NamedGroups;
  readonly #isByErrorKind: boolean;
  readonly #afterKey: string | null;
  readonly #afterStepMs: number | null;
  /** A series has a row in each step, and belongs to the same group in all of them. */
  readonly #keysOfSeries = new Map<number, string>();
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
      hasValue: groupBy.includes('dimension'),
    };
  }

  /** False: there is enough, no more rows are needed. @throws {TooMuchToRead} */
  add(row: Summand): boolean {
    this.#query.budget?.countRow();
    const { fromMs, toMs } = this.#step;
    if (row.windowStartMs < fromMs || row.windowStartMs >= toMs) {
      this.#closeStep();
      this.#step = this.#query.steps.at(row.windowStartMs);
      if (this.#rowCount >= this.#query.limit) return false;
    }
    row.addTo(this.#groupOf(row).tally);
    return true;
  }

  /** Call once, after the last row. */
  finish(): readonly MetricsRow[] {
    this.#closeStep();
    return this.#rows;
  }

  #groupOf(row: Summand): MetricsRow {
    const key = this.#keyOf(row);
    let group = this.#groups.get(key);
    if (group === undefined) {
      this.#query.budget?.countGroups(this.#groups.size);
      const windowStartMs = Math.max(this.#step.fromMs, this.#query.fromMs);
      const windowEndMs = Math.min(this.#step.toMs, this.#query.toMs);
      group = { windowStartMs, windowEndMs, ...this.#namesOf(row), tally: new Tally() };
      this.#groups.set(key, group);
    }
    return group;
  }

  #keyOf(row: Summand): string {
    const { seriesId } = row;
    if (seriesId === undefined) return groupKey(this.#namesOf(row));
    let key = this.#keysOfSeries.get(seriesId);
    if (key === undefined) {
      key = groupKey(this.#namesOf(row));
      this.#keysOfSeries.set(seriesId, key);
    }
    return key;
  }

  #namesOf(row: Summand) {
    const { tenantId, hasRoute, hasModel, hasProvider, hasValue } = this.#names;
    return {
      tenantId,
      route: hasRoute ? row.route : null,
      model: hasModel ? row.model : null,
      provider: hasProvider ? row.provider : null,
      ...(hasValue && row.value !== undefined ? { value: row.value } : {}),
      errorKind: null,
    };
  }

  #closeStep(): void {
    const { limit, onRows } = this.#query;
    const isCursorStep = this.#afterStepMs === this.#step.fromMs;
    const afterKey = isCursorStep ? this.#afterKey : null;
    for (const [, group] of [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // A row from which all was taken back again is as if it had never been.
      if (isEmptyTally(group.tally)) continue;
      for (const row of this.#isByErrorKind ? rowsByErrorKind(group) : [group]) {
        if (this.#rowCount >= limit) break;
        if (afterKey !== null && groupKey(row) <= afterKey) continue;
        this.#rows.push(row);
        this.#rowCount++;
      }
    }
    this.#groups.clear();
    if (onRows === undefined || this.#rows.length < ROWS_TOLD_MIN) return;
    onRows(this.#rows);
    this.#rows = [];
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
  readonly hasValue: boolean;
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

type GroupNames = { readonly [Name in 'tenantId' | 'route' | 'model' | 'provider' | 'errorKind']: string | null } & {
  readonly value?: string;
};

/** Sorts as the tuple does, since U+0000 is the smallest character and in no dimension. */
export function groupKey({ tenantId, route, model, provider, value, errorKind }: GroupNames): string {
  return `${tenantId ?? ''}\0${route ?? ''}\0${model ?? ''}\0${provider ?? ''}\0${value ?? ''}\0${errorKind ?? ''}`;
}
