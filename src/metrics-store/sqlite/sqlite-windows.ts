import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { Stretch, TimeRange } from '../../tally/steps.ts';
import { Tally } from '../../tally/tally.ts';
import { DAY_MS, HOUR_MS, type ReadResolutionMs } from '../../tally/window.ts';
import { busiestOf } from '../busiest.ts';
import { mergeByWindow } from '../merge-by-window.ts';
import { firstChanges, type TenantDays, TenantMerge } from '../merge-tenants.ts';
import type {
  BusiestGroups,
  ChangedRow,
  ChangesQuery,
  DimensionActivity,
  DimensionValuesQuery,
  GroupBy,
  MetricsQuery,
  MetricsRow,
  SeriesActivity,
  SummaryQuery,
} from '../metrics-reader.ts';
import type { PublishableRow } from '../outbox.ts';
import { windowsOf } from '../packed-day.ts';
import { Regrouper, type Summand, stretchesToScan, summaryAsMetrics, type TenantQuery } from '../regroup.ts';
import { onlyTenant, type TenantFilter } from '../tenant-filter.ts';
import { readBusiestValues } from './sqlite-busiest-values.ts';
import type { SqliteDictionary } from './sqlite-dictionary.ts';
import { readDimension } from './sqlite-dimensions.ts';
import { PackedDaysOfTenant, type Part } from './sqlite-packed-days.ts';
import { addStoredTally } from './tally-row.ts';
import { tenantsValue } from './tenants-asked.ts';
import * as Sql from './window-statements.ts';

/**
 * Up to this many matching series are read by their own index and merged; more are found by a scan of the tenant's
 * windows.
 */
const MERGED_SERIES_MAX = 16;

const VALUE_GROUPS: ReadonlySet<GroupBy> = new Set<GroupBy>(['tenant_id', 'dimension']);

/** Questions about the window rows. Each runs inside a read transaction. */
export class SqliteWindows {
  readonly #connection: SqliteConnection;
  readonly #dictionary: SqliteDictionary;

  constructor(connection: SqliteConnection, dictionary: SqliteDictionary) {
    this.#connection = connection;
    this.#dictionary = dictionary;
  }

  read(query: MetricsQuery): readonly MetricsRow[] {
    const tenantId = onlyTenant(query.tenantId);
    if (tenantId !== null) return this.#readTenant({ ...query, tenantId });
    const merge = new TenantMerge(query);
    for (const tenant of this.#tenants(query.tenantId)) {
      if (!merge.wants(tenant)) break;
      merge.add(this.#readTenant(merge.queryOf(tenant)));
    }
    return merge.finish();
  }

  /** Only of values alone: of all other groups there are few. */
  readBusiest(query: SummaryQuery, limit: number): BusiestGroups {
    const { dimension, groupBy } = query;
    const tenantId = onlyTenant(query.tenantId);
    const areValues = groupBy.includes('dimension') && groupBy.every((group) => VALUE_GROUPS.has(group));
    const tenantKey = tenantId === null ? null : this.#dictionary.findTenant(tenantId);
    if (!areValues || dimension === undefined || tenantId === null || tenantKey === null) {
      return busiestOf(this.read(summaryAsMetrics(query)), limit);
    }
    const all = { ...summaryAsMetrics(query), tenantId };
    return readBusiestValues(this.#connection, tenantKey, { query: all, dimension, limit });
  }

  readSpan(tenantId: TenantFilter): TimeRange | null {
    const [firstMs, lastMs] = this.#connection.row(Sql.SELECT_SPAN, tenantsValue(tenantId)) ?? [];
    if (firstMs == null || lastMs == null) return null;
    return { fromMs: Number(firstMs), toMs: Number(lastMs) + DAY_MS };
  }

  #readTenant(query: TenantQuery): readonly MetricsRow[] {
    const tenantKey = this.#dictionary.findTenant(query.tenantId);
    if (tenantKey === null) return [];
    const { dimension } = query;
    if (dimension !== undefined) return readDimension(this.#connection, tenantKey, { query, dimension });
    const regrouper = new Regrouper(query);
    const days = new PackedDaysOfTenant(this.#connection, tenantKey, query);
    for (const stretch of stretchesToScan(query)) {
      for (const part of days.partsOf(stretch)) {
        for (const summand of this.#summands({ tenantKey, query, days, part })) {
          if (!regrouper.add(summand)) return regrouper.finish();
        }
      }
    }
    return regrouper.finish();
  }

  #summands({ tenantKey, query, days, part }: PartOfQuestion): Iterable<Summand> {
    const day = part.dayStartMs === null ? null : days.day(part.dayStartMs, part.resolutionMs);
    if (part.dayStartMs === null || day === null || day.unpacked.length > MERGED_SERIES_MAX) {
      return summandsOf(this.#rowsOf(tenantKey, query, part));
    }
    const place = { dayStartMs: part.dayStartMs, resolutionMs: day.resolutionMs, order: query.order };
    const packed = windowsOf(day.packed, { ...part, ...place });
    if (day.unpacked.length === 0) return packed;
    const rows = summandsOf(this.#rowsOfSeries(day.unpacked, query, part));
    return mergeByWindow([packed, rows], query.order, (summand) => summand.windowStartMs);
  }

  #tenants(filter: TenantFilter): readonly TenantDays[] {
    return Array.from(this.#connection.rows(Sql.SELECT_TENANT_DAYS, tenantsValue(filter)), ([tenantId, lastDayMs]) => ({
      tenantId: String(tenantId),
      endMs: Number(lastDayMs) + DAY_MS,
    }));
  }

  readChanges(query: ChangesQuery): readonly ChangedRow[] {
    const tenants = this.#connection.rows(Sql.SELECT_TENANTS, tenantsValue(query.tenantId));
    const changed = Array.from(tenants, ([key, tenantId]) =>
      this.#changesOf(Number(key), { ...query, tenantId: String(tenantId) }),
    );
    return changed.length === 1 ? (changed[0] ?? []) : firstChanges(changed.flat(), query.limit);
  }

  #changesOf(tenantKey: number, query: ChangesQuery & { readonly tenantId: string }): readonly ChangedRow[] {
    const { tenantId, route, model, sinceMs, limit } = query;
    const changed: ChangedRow[] = [];
    const seen = new Set<string>();
    for (const row of this.#connection.rows(Sql.SELECT_CHANGED, tenantKey, sinceMs, route, model)) {
      const [changedAt, windowStart, pairId, pairRoute, pairModel] = row;
      const changedAtMs = Number(changedAt);
      const lastMs = changed.at(-1)?.changedAtMs;
      if (changed.length >= limit && lastMs !== changedAtMs) break;
      if (lastMs !== changedAtMs) seen.clear();
      const key = `${Number(windowStart)} ${Number(pairId)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const merged = this.#mergedMinute(tenantKey, Number(windowStart), Number(pairId));
      // Another provider of the row changed later: it comes again at that place.
      if (merged.changedAtMs > changedAtMs) continue;
      const names = { tenantId, route: String(pairRoute), model: String(pairModel) };
      changed.push({ ...names, windowStartMs: Number(windowStart), ...merged });
    }
    return changed;
  }

  readDimensions(tenantId: TenantFilter): readonly SeriesActivity[] {
    const rows = this.#connection.rows(Sql.SELECT_DIMENSIONS, tenantsValue(tenantId));
    return Array.from(rows, ([tenant, route, model, provider, lastWindowStart]) => ({
      tenantId: String(tenant),
      route: String(route),
      model: String(model),
      provider: String(provider),
      lastWindowStartMs: Number(lastWindowStart),
    }));
  }

  readDimensionValues(query: DimensionValuesQuery): readonly DimensionActivity[] {
    const { tenantId, dimension, limit, after } = query;
    const cursor = [after?.lastWindowStartMs ?? null, after?.value ?? null];
    const rows = this.#connection.rows(Sql.selectDimensionValues(dimension), tenantsValue(tenantId), ...cursor, limit);
    return Array.from(rows, ([value, last]) => ({ value: String(value), lastWindowStartMs: Number(last) }));
  }

  unpublished(limit: number): readonly PublishableRow[] {
    const waiting = Array.from(this.#connection.rows(Sql.SELECT_QUEUED, limit));
    return waiting.map(([tenantKey, tenantId, pairId, route, model, windowStart]) => {
      const windowStartMs = Number(windowStart);
      const { tally, revision } = this.#mergedMinute(Number(tenantKey), windowStartMs, Number(pairId));
      const names = { tenantId: String(tenantId), route: String(route), model: String(model) };
      return { ...names, windowStartMs, tally, revision };
    });
  }

  /** Inside a write transaction. */
  markPublished(rows: readonly PublishableRow[]): void {
    for (const row of rows) {
      const pair = this.#dictionary.findPair(row);
      if (pair === null) continue;
      this.#connection.run(Sql.UNQUEUE_ROW, pair.id, row.windowStartMs, pair.tenantKey, row.revision);
    }
  }

  #rowsOf(tenantKey: number, query: TenantQuery, stretch: Stretch): Iterable<SqlValue[]> {
    const { route, model, provider, order } = query;
    const { fromMs, toMs, resolutionMs } = stretch;
    const shape = { table: tableOf(resolutionMs), order };
    const scan = (): Iterable<SqlValue[]> =>
      this.#connection.rows(Sql.selectTenantRows(shape), tenantKey, fromMs, toMs, route, model, provider);
    if (route === null && model === null && provider === null) return scan();
    const filter = [tenantKey, route, model, provider];
    const series = Array.from(this.#connection.rows(Sql.SELECT_MATCHING_SERIES, ...filter, MERGED_SERIES_MAX + 1));
    if (series.length > MERGED_SERIES_MAX) return scan();
    return this.#rowsOfSeries(
      series.map(([id]) => Number(id)),
      query,
      stretch,
    );
  }

  #rowsOfSeries(series: readonly number[], { order }: TenantQuery, stretch: Stretch): Iterable<SqlValue[]> {
    const { fromMs, toMs, resolutionMs } = stretch;
    const shape = { table: tableOf(resolutionMs), order };
    const streams = series.map((id, index) =>
      this.#connection.rows(Sql.selectSeriesRows({ ...shape, stream: index }), id, fromMs, toMs),
    );
    return mergeByWindow(streams, order, (row) => Number(row[0]));
  }

  #mergedMinute(tenantKey: number, windowStartMs: number, pairId: number): MergedMinute {
    const tally = new Tally();
    let revision = 0;
    let changedAtMs = 0;
    for (const row of this.#connection.rows(Sql.SELECT_MINUTE_OF_PAIR, tenantKey, windowStartMs, pairId)) {
      revision += Number(row[0]);
      changedAtMs = Math.max(changedAtMs, Number(row[1]));
      addStoredTally(tally, row, 2);
    }
    return { tally, revision, changedAtMs };
  }
}

interface PartOfQuestion {
  readonly tenantKey: number;
  readonly query: TenantQuery;
  readonly days: PackedDaysOfTenant;
  readonly part: Part;
}

interface MergedMinute {
  readonly tally: Tally;
  readonly revision: number;
  readonly changedAtMs: number;
}

function tableOf(resolutionMs: ReadResolutionMs): Sql.WindowTable {
  if (resolutionMs === DAY_MS) return 'metrics_1d';
  return resolutionMs === HOUR_MS ? 'metrics_1h' : 'metrics_1m';
}

function* summandsOf(rows: Iterable<SqlValue[]>): Iterable<Summand> {
  for (const row of rows) {
    yield {
      windowStartMs: Number(row[0]),
      route: String(row[1]),
      model: String(row[2]),
      provider: String(row[3]),
      seriesId: Number(row[4]),
      addTo: (into) => addStoredTally(into, row, 5),
    };
  }
}
