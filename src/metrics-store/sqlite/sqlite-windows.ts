import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { Stretch, TimeRange } from '../../tally/steps.ts';
import { Tally } from '../../tally/tally.ts';
import { DAY_MS } from '../../tally/window.ts';
import type { WindowCodec } from '../../tally/window-codec.ts';
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
import {
  isFiltered,
  Regrouper,
  type Summand,
  stretchesToScan,
  summaryAsMetrics,
  type TenantQuery,
} from '../regroup.ts';
import { onlyTenant, type TenantFilter } from '../tenant-filter.ts';
import type { SeriesNames } from './series-names.ts';
import { readBusiestValues } from './sqlite-busiest-values.ts';
import type { SqliteDictionary } from './sqlite-dictionary.ts';
import { readDimension } from './sqlite-dimensions.ts';
import { PackedDaysOfTenant, type Part } from './sqlite-packed-days.ts';
import { rowsOfSeries, tableOf, type WindowRow } from './sqlite-series-rows.ts';
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
  readonly #codec: WindowCodec;

  constructor(connection: SqliteConnection, dictionary: SqliteDictionary, codec: WindowCodec) {
    this.#connection = connection;
    this.#dictionary = dictionary;
    this.#codec = codec;
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
      return this.#summandsOf(this.#rowsOf(tenantKey, query, part));
    }
    const place = { dayStartMs: part.dayStartMs, resolutionMs: day.resolutionMs, order: query.order };
    const packed = windowsOf(day.packed, { ...part, ...place });
    if (day.unpacked.length === 0) return packed;
    const rows = this.#summandsOf(this.#rowsOfSeries(day.unpacked, query, part));
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

  #rowsOf(tenantKey: number, query: TenantQuery, stretch: Stretch): Iterable<WindowRow> {
    const { route, model, provider, order } = query;
    const { fromMs, toMs, resolutionMs } = stretch;
    const shape = { table: tableOf(resolutionMs), order };
    const range = [tenantKey, fromMs, toMs] as const;
    if (!isFiltered(query)) return rowsOf(this.#connection.rows(Sql.selectTenantRows(shape), ...range));
    const filter = [route, model, provider];
    const matching = [tenantKey, ...filter, MERGED_SERIES_MAX + 1] as const;
    const series = Array.from(this.#connection.rows(Sql.SELECT_MATCHING_SERIES, ...matching), ([id]) => Number(id));
    if (series.length <= MERGED_SERIES_MAX) return this.#rowsOfSeries(series, query, stretch);
    return rowsOf(this.#connection.rows(Sql.selectMatchingRows(shape), ...range, ...filter));
  }

  #rowsOfSeries(series: readonly number[], { order }: TenantQuery, stretch: Stretch): Iterable<WindowRow> {
    const streams = series.map((seriesId, stream) =>
      rowsOfSeries(this.#connection, { ...stretch, seriesId, order, stream }),
    );
    return mergeByWindow(streams, order, (row) => row.windowStartMs);
  }

  /** What is given is good until the next is asked for. */
  *#summandsOf(rows: Iterable<WindowRow>): Iterable<Summand> {
    const names = new Map<number, StoredSummand>();
    for (const { windowStartMs, seriesId, sums } of rows) {
      let summand = names.get(seriesId);
      if (summand === undefined) {
        summand = new StoredSummand(this.#codec, seriesId, this.#namesOf(seriesId));
        names.set(seriesId, summand);
      }
      summand.windowStartMs = windowStartMs;
      summand.sums = sums;
      yield summand;
    }
  }

  #namesOf(seriesId: number): SeriesNames {
    const [route, model, provider] = this.#connection.row(Sql.SELECT_NAMES_OF_SERIES, seriesId) ?? [];
    return { route: String(route), model: String(model), provider: String(provider) };
  }

  #mergedMinute(tenantKey: number, windowStartMs: number, pairId: number): MergedMinute {
    const tally = new Tally();
    let revision = 0;
    let changedAtMs = 0;
    for (const row of this.#connection.rows(Sql.SELECT_MINUTE_OF_PAIR, tenantKey, windowStartMs, pairId)) {
      revision += Number(row[0]);
      changedAtMs = Math.max(changedAtMs, Number(row[1]));
      this.#codec.addTallyTo(tally, row[2] as Uint8Array);
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

function* rowsOf(rows: Iterable<SqlValue[]>): Iterable<WindowRow> {
  for (const [startMs, seriesId, sums] of rows) {
    yield { windowStartMs: Number(startMs), seriesId: Number(seriesId), sums: sums as Uint8Array };
  }
}

/** The rows of a series, one after the other. */
class StoredSummand implements Summand {
  windowStartMs = 0;
  sums: Uint8Array = new Uint8Array(0);
  readonly seriesId: number;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  readonly #codec: WindowCodec;

  constructor(codec: WindowCodec, seriesId: number, { route, model, provider }: SeriesNames) {
    this.#codec = codec;
    this.seriesId = seriesId;
    this.route = route;
    this.model = model;
    this.provider = provider;
  }

  addTo(into: Tally): void {
    this.#codec.addTallyTo(into, this.sums);
  }
}
