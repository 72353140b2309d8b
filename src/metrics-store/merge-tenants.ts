import { addTally, Tally } from '../tally/tally.ts';
import type { ChangedRow, MetricsQuery, MetricsRow } from './metrics-reader.ts';
import { groupKey, type TenantQuery } from './regroup.ts';

/** A tenant with rows and the end of its newest day. */
export interface TenantDays {
  readonly tenantId: string;
  readonly endMs: number;
}

/**
 * Puts together what a query about all tenants finds for each of them. The first `limit` rows of all are among the
 * first `limit` rows of each, whether their tenants stay apart or are added up, so that each tenant is asked the same
 * question.
 */
export class TenantMerge {
  readonly #query: MetricsQuery;
  #rows = new Map<string, { readonly row: MetricsRow; readonly key: string }>();

  constructor(query: MetricsQuery) {
    this.#query = query;
  }

  /**
   * Whether rows of that tenant, or of one that comes after it, can be among the first. Asked in the order of their
   * newest days, the latest first: then those who have been quiet for long need not be read.
   */
  wants({ endMs }: TenantDays): boolean {
    if (this.#query.order === 'asc' || this.#rows.size < this.#query.limit) return true;
    const last = this.finish().at(-1);
    return last === undefined || endMs > this.#query.steps.at(last.windowStartMs).fromMs;
  }

  queryOf({ tenantId }: TenantDays): TenantQuery {
    // Rows of one tenant are not told: those of the next may belong before them, or into them.
    const { onRows: _, ...query } = this.#query;
    return { ...query, tenantId };
  }

  /** @throws {TooMuchToRead} */
  add(rows: readonly MetricsRow[]): void {
    for (const row of rows) {
      const group = groupKey(row);
      const key = `${row.windowStartMs} ${group}`;
      const known = this.#rows.get(key)?.row;
      if (known !== undefined) {
        addTally(known.tally, row.tally);
        continue;
      }
      this.#query.budget?.countGroups(this.#rows.size);
      this.#rows.set(key, { row: { ...row, tally: sumOf(row.tally) }, key: group });
    }
    if (this.#rows.size > 2 * this.#query.limit) this.#keepFirst();
  }

  finish(): readonly MetricsRow[] {
    this.#keepFirst();
    return Array.from(this.#rows.values(), ({ row }) => row);
  }

  #keepFirst(): void {
    const sign = this.#query.order === 'asc' ? 1 : -1;
    const sorted = [...this.#rows].sort(([, a], [, b]) => {
      return sign * (a.row.windowStartMs - b.row.windowStartMs) || (a.key < b.key ? -1 : 1);
    });
    this.#rows = new Map(sorted.slice(0, this.#query.limit));
  }
}

/**
 * The first `limit` changes of several tenants, with all of the last one's instant. Each tenant gives at least its own
 * first `limit`, so none that lies before is missing.
 */
export function firstChanges(changes: readonly ChangedRow[], limit: number): readonly ChangedRow[] {
  const sorted = changes.toSorted((a, b) => a.changedAtMs - b.changedAtMs || a.windowStartMs - b.windowStartMs);
  const last = sorted[limit - 1];
  return last === undefined ? sorted : sorted.filter(({ changedAtMs }) => changedAtMs <= last.changedAtMs);
}

function sumOf(tally: Tally): Tally {
  const sum = new Tally();
  addTally(sum, tally);
  return sum;
}
