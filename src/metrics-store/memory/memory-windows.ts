import type { Series } from '../../tally/series.ts';
import { type StoredStretch, storedStretches, type TimeRange } from '../../tally/steps.ts';
import { addTally, Tally } from '../../tally/tally.ts';
import { activeWindowMs, DAY_MS, MINUTE_MS, RESOLUTIONS_MS, type ResolutionMs } from '../../tally/window.ts';
import { addRepriced, type RepricedSums } from '../billed-columns.ts';
import type { Commit } from '../commit.ts';
import { foldTallies } from '../fold-commit.ts';
import { firstChanges, type TenantDays, TenantMerge } from '../merge-tenants.ts';
import type {
  ChangedRow,
  ChangesQuery,
  DimensionActivity,
  DimensionValuesQuery,
  MetricsQuery,
  MetricsRow,
  SeriesActivity,
} from '../metrics-reader.ts';
import type { PruneBefore } from '../metrics-store.ts';
import type { PublishableRow } from '../outbox.ts';
import { Regrouper, stretchesToScan, type TenantQuery } from '../regroup.ts';
import { onlyTenant, type TenantFilter, tenantTest } from '../tenant-filter.ts';
import type { MemoryDictionary } from './memory-dictionary.ts';
import type { MemoryDimensions } from './memory-dimensions.ts';

interface WindowRow {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly tally: Tally;
  revision: number;
  changedAtMs: number;
}

/** The minute, hour and day rows with their outbox. */
export class MemoryWindows {
  readonly #dictionary: MemoryDictionary;
  readonly #dimensions: MemoryDimensions;
  /** Per resolution: (pair, window) → provider → row. */
  readonly #rows = new Map<ResolutionMs, Map<string, Map<string, WindowRow>>>(
    RESOLUTIONS_MS.map((resolutionMs) => [resolutionMs, new Map()]),
  );
  /** Keys of minute rows that wait to be published, oldest change first. */
  readonly #outbox = new Set<string>();
  readonly #activity = new Map<string, SeriesActivity>();

  constructor(dictionary: MemoryDictionary, dimensions: MemoryDimensions) {
    this.#dictionary = dictionary;
    this.#dimensions = dimensions;
  }

  add(tallies: Commit['tallies'], changedAtMs: number): void {
    const folded = foldTallies(tallies, (series) => this.#dictionary.resolveSeries(series));
    for (const [resolutionMs, deltas] of folded) {
      for (const { ref, windowStartMs, tally } of deltas) {
        const row = this.#rowOf(resolutionMs, ref.series, windowStartMs);
        addTally(row.tally, tally);
        if (resolutionMs === MINUTE_MS) {
          this.#touch(row, changedAtMs);
          this.#noteActivity(row, changedAtMs);
        }
      }
    }
  }

  /** Adds a cost correction to the rows that are still there. */
  reprice(series: Series, windowStart: number, change: RepricedSums): void {
    for (const resolutionMs of RESOLUTIONS_MS) {
      const start = windowStart - (windowStart % resolutionMs);
      const row = this.#rows.get(resolutionMs)?.get(pairWindowKey(series, start))?.get(series.provider);
      if (row !== undefined) addRepriced(row.tally, change);
    }
  }

  /** Makes the minute row appear as changed, as a commit would. */
  touchMinute(series: Series, windowStartMs: number, changedAtMs: number): void {
    const row = this.#rows.get(MINUTE_MS)?.get(pairWindowKey(series, windowStartMs))?.get(series.provider);
    if (row !== undefined) this.#touch(row, changedAtMs);
  }

  read(query: MetricsQuery): readonly MetricsRow[] {
    const tenantId = onlyTenant(query.tenantId);
    if (tenantId !== null) return this.#readTenant({ ...query, tenantId });
    const merge = new TenantMerge(query);
    const isWanted = tenantTest(query.tenantId);
    for (const tenant of this.#tenants().filter((each) => isWanted(each.tenantId))) {
      if (!merge.wants(tenant)) break;
      merge.add(this.#readTenant(merge.queryOf(tenant)));
    }
    return merge.finish();
  }

  readSpan(tenantId: TenantFilter): TimeRange | null {
    const isWanted = tenantTest(tenantId);
    const starts = this.#rowsOf(DAY_MS)
      .filter(({ series }) => isWanted(series.tenantId))
      .map((row) => row.windowStartMs);
    if (starts.length === 0) return null;
    return { fromMs: Math.min(...starts), toMs: Math.max(...starts) + DAY_MS };
  }

  #readTenant(query: TenantQuery): readonly MetricsRow[] {
    if (query.dimension !== undefined) return this.#dimensions.read(query, query.dimension);
    const regrouper = new Regrouper(query);
    for (const stretch of storedStretches(stretchesToScan(query))) {
      for (const { series, windowStartMs, tally } of this.#rowsIn(stretch, query)) {
        const { route, model, provider } = series;
        const row = { windowStartMs, route, model, provider, addTo: (into: Tally) => addTally(into, tally) };
        if (!regrouper.add(row)) return regrouper.finish();
      }
    }
    return regrouper.finish();
  }

  #rowsIn({ fromMs, toMs, resolutionMs }: StoredStretch, query: TenantQuery): readonly WindowRow[] {
    const rows = this.#rowsOf(resolutionMs)
      .filter(({ series, windowStartMs }) => {
        const isInRange = windowStartMs >= fromMs && windowStartMs < toMs;
        return isInRange && matches(series, query) && (query.provider ?? series.provider) === series.provider;
      })
      .sort((a, b) => a.windowStartMs - b.windowStartMs);
    return query.order === 'desc' ? rows.toReversed() : rows;
  }

  #tenants(): readonly TenantDays[] {
    const endMs = new Map<string, number>();
    for (const { series, windowStartMs } of this.#rowsOf(DAY_MS)) {
      endMs.set(series.tenantId, Math.max(windowStartMs + DAY_MS, endMs.get(series.tenantId) ?? 0));
    }
    return Array.from(endMs, ([tenantId, end]) => ({ tenantId, endMs: end })).sort((a, b) => b.endMs - a.endMs);
  }

  readChanges(query: ChangesQuery): readonly ChangedRow[] {
    const changed: ChangedRow[] = [];
    const isWanted = tenantTest(query.tenantId);
    for (const rows of this.#rows.get(MINUTE_MS)?.values() ?? []) {
      const merged = mergeProviders(rows);
      if (merged === null || merged.changedAtMs < query.sinceMs || !isWanted(merged.tenantId)) continue;
      if (matches(merged, { ...query, tenantId: merged.tenantId })) changed.push(merged);
    }
    return firstChanges(changed, query.limit);
  }

  readDimensions(tenantId: TenantFilter): readonly SeriesActivity[] {
    // A series of which all was taken back again is as if it had never been.
    const counted = new Set(
      this.#rowsOf(DAY_MS).map(({ series, tally }) => (tally.requests === 0 ? '' : keyOf(series))),
    );
    const keys = [...this.#activity.keys()].filter((key) => counted.has(key)).sort();
    const all = keys.flatMap((key) => this.#activity.get(key) ?? []);
    const isWanted = tenantTest(tenantId);
    return all.filter((activity) => isWanted(activity.tenantId));
  }

  readDimensionValues({ tenantId, dimension, limit, after }: DimensionValuesQuery): readonly DimensionActivity[] {
    const newest = new Map<string, number>();
    for (const series of this.readDimensions(tenantId)) {
      const value = dimension === 'tenant' ? series.tenantId : series[dimension];
      if (value !== '') newest.set(value, Math.max(series.lastWindowStartMs, newest.get(value) ?? 0));
    }
    return Array.from(newest, ([value, lastWindowStartMs]) => ({ value, lastWindowStartMs }))
      .sort((a, b) => b.lastWindowStartMs - a.lastWindowStartMs || (a.value < b.value ? -1 : 1))
      .filter(({ value, lastWindowStartMs }) => {
        if (after === null || lastWindowStartMs < after.lastWindowStartMs) return true;
        return lastWindowStartMs === after.lastWindowStartMs && value > after.value;
      })
      .slice(0, limit);
  }

  unpublished(limit: number): readonly PublishableRow[] {
    const waiting: PublishableRow[] = [];
    for (const key of this.#outbox) {
      if (waiting.length >= limit) break;
      const merged = mergeProviders(this.#rows.get(MINUTE_MS)?.get(key) ?? new Map());
      if (merged === null) continue;
      const { changedAtMs: _, ...row } = merged;
      waiting.push(row);
    }
    return waiting;
  }

  markPublished(published: readonly PublishableRow[]): void {
    for (const row of published) {
      const key = pairWindowKey(row, row.windowStartMs);
      const merged = mergeProviders(this.#rows.get(MINUTE_MS)?.get(key) ?? new Map());
      if (merged === null || merged.revision === row.revision) this.#outbox.delete(key);
    }
  }

  prune({ minutesMs, hoursMs, daysMs }: PruneBefore): void {
    const beforeMs = [minutesMs, hoursMs, daysMs];
    RESOLUTIONS_MS.forEach((resolutionMs, index) => {
      for (const [key, rows] of this.#rows.get(resolutionMs) ?? []) {
        const [row] = rows.values();
        if (row === undefined || row.windowStartMs >= (beforeMs[index] ?? 0)) continue;
        this.#rows.get(resolutionMs)?.delete(key);
        if (resolutionMs === MINUTE_MS) this.#outbox.delete(key);
      }
    });
  }

  #touch(row: WindowRow, changedAtMs: number): void {
    row.revision += 1;
    row.changedAtMs = Math.max(row.changedAtMs, changedAtMs);
    this.#outbox.add(pairWindowKey(row.series, row.windowStartMs));
  }

  #noteActivity({ series, windowStartMs }: WindowRow, committedAtMs: number): void {
    const key = keyOf(series);
    const activeMs = activeWindowMs(windowStartMs, committedAtMs);
    const lastWindowStartMs = Math.max(activeMs, this.#activity.get(key)?.lastWindowStartMs ?? 0);
    this.#activity.set(key, { ...series, lastWindowStartMs });
  }

  #rowOf(resolutionMs: ResolutionMs, series: Series, windowStartMs: number): WindowRow {
    const rows = this.#rows.get(resolutionMs) ?? new Map<string, Map<string, WindowRow>>();
    const key = pairWindowKey(series, windowStartMs);
    const providers = rows.get(key) ?? new Map<string, WindowRow>();
    rows.set(key, providers);
    const row = providers.get(series.provider) ?? {
      series,
      windowStartMs,
      tally: new Tally(),
      revision: 0,
      changedAtMs: 0,
    };
    providers.set(series.provider, row);
    return row;
  }

  #rowsOf(resolutionMs: ResolutionMs): WindowRow[] {
    return Array.from(this.#rows.get(resolutionMs)?.values() ?? [], (rows) => [...rows.values()]).flat();
  }
}

function keyOf(series: Series): string {
  return Object.values(series).join('\0');
}

function matches(
  row: { tenantId: string; route: string; model: string },
  query: { tenantId: string; route: string | null; model: string | null },
): boolean {
  const { tenantId, route, model } = query;
  return row.tenantId === tenantId && (route ?? row.route) === row.route && (model ?? row.model) === row.model;
}

type MergedRow = PublishableRow & { readonly changedAtMs: number };

/** One minute of a pair over all its providers; null over nothing. */
function mergeProviders(rows: ReadonlyMap<string, WindowRow>): MergedRow | null {
  const [first] = rows.values();
  if (first === undefined) return null;
  const { tenantId, route, model } = first.series;
  const tally = new Tally();
  let revision = 0;
  let changedAtMs = 0;
  for (const row of rows.values()) {
    addTally(tally, row.tally);
    revision += row.revision;
    changedAtMs = Math.max(changedAtMs, row.changedAtMs);
  }
  return { tenantId, route, model, windowStartMs: first.windowStartMs, tally, revision, changedAtMs };
}

function pairWindowKey(pair: { tenantId: string; route: string; model: string }, windowStartMs: number): string {
  return `${pair.tenantId}\0${pair.route}\0${pair.model}\0${windowStartMs}`;
}
