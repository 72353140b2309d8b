import { Tally } from '../tally/tally.ts';
import { windowStartMs } from '../tally/window.ts';
import type { MetricsQuery, MetricsRow } from './metrics-reader.ts';

/** A stored row that can be added to a sum; how it is decoded is the adapter's business. */
export interface Summand {
  readonly windowStartMs: number;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  addTo(into: Tally): void;
}

/**
 * Turns stored rows into the rows of a query: sums them per step and group, sorts the groups, and honours cursor and
 * limit. One for all stores, so that SQL stays a range scan: `select … where window in range order by window`.
 *
 * Rows must come in the order of their windows, as `query.order` says. Only one step is held at a time, and `add`
 * answers false once the limit is reached, so that the scan can stop: the newest 60 rows cost 60 rows.
 */
export class Regrouper {
  readonly #query: MetricsQuery;
  readonly #rows: MetricsRow[] = [];
  readonly #groups = new Map<string, MetricsRow>();
  readonly #afterKey: string | null;
  #stepStartMs = -1;

  constructor(query: MetricsQuery) {
    this.#query = query;
    const { after } = query;
    this.#afterKey = after === null ? null : groupKey(after.route, after.model, after.provider);
  }

  /** False: there is enough, no more rows are needed. */
  add(row: Summand): boolean {
    const startMs = windowStartMs(row.windowStartMs, this.#query.stepMs);
    if (startMs !== this.#stepStartMs) {
      this.#closeStep();
      this.#stepStartMs = startMs;
      if (this.#rows.length >= this.#query.limit) return false;
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
    const { groupBy } = this.#query;
    const route = groupBy.includes('route') ? row.route : null;
    const model = groupBy.includes('model') ? row.model : null;
    const provider = groupBy.includes('provider') ? row.provider : null;
    const key = groupKey(route ?? '', model ?? '', provider ?? '');
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { windowStartMs: this.#stepStartMs, route, model, provider, tally: new Tally() };
      this.#groups.set(key, group);
    }
    return group;
  }

  #closeStep(): void {
    const { after, limit } = this.#query;
    const isCursorStep = after !== null && after.windowStartMs === this.#stepStartMs;
    for (const key of [...this.#groups.keys()].sort()) {
      if (this.#rows.length >= limit) break;
      const group = this.#groups.get(key);
      const isSeen = isCursorStep && this.#afterKey !== null && key <= this.#afterKey;
      if (group !== undefined && !isSeen) this.#rows.push(group);
    }
    this.#groups.clear();
  }
}

/** The part of the query's range that the cursor leaves, its own step included: that step may hold more groups. */
export function rangeToScan(query: MetricsQuery): { fromMs: number; toMs: number } {
  const { fromMs, toMs, after, stepMs, order } = query;
  if (after === null) return { fromMs, toMs };
  return order === 'asc'
    ? { fromMs: Math.max(fromMs, after.windowStartMs), toMs }
    : { fromMs, toMs: Math.min(toMs, after.windowStartMs + stepMs) };
}

/** Sorts as the tuple does, since U+0000 is the smallest character and in no dimension. */
function groupKey(route: string, model: string, provider: string): string {
  return `${route}\0${model}\0${provider}`;
}
