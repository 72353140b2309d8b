import { setImmediate } from 'node:timers/promises';
import { type StoredStretch, type Stretch, storedStretch, type TimeRange } from '../../tally/steps.ts';
import { Tally } from '../../tally/tally.ts';
import { DAY_MS, HOUR_MS, type ResolutionMs } from '../../tally/window.ts';
import { mergeByWindow } from '../merge-by-window.ts';
import { TenantMerge } from '../merge-tenants.ts';
import type {
  ChangedRow,
  ChangesQuery,
  DimensionActivity,
  DimensionValuesQuery,
  MetricsQuery,
  MetricsRow,
  SeriesActivity,
} from '../metrics-reader.ts';
import type { PublishableRow } from '../outbox.ts';
import { windowsOf } from '../packed-day.ts';
import { isFiltered, Regrouper, type Summand, stretchesToScan, type TenantQuery } from '../regroup.ts';
import { onlyTenant, storedTenants, type TenantFilter } from '../tenant-filter.ts';
import { selectRowsOfSeries } from './packed-statements.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { readDimension } from './postgres-dimensions.ts';
import { PostgresPackedDays } from './postgres-packed-days.ts';
import { PostgresSeriesNames, type SeriesNames } from './postgres-series-names.ts';
import { instant, type SqlRow, type SqlValue } from './postgres-values.ts';
import { addStoredTally } from './stored-tally.ts';
import * as Sql from './window-statements.ts';

/** A page is at first as many rows as asked for, then ever larger: most questions need one. */
const PAGE_ROWS_MIN = 64;
const PAGE_ROWS_MAX = 10_000;
const PAGE_GROWTH = 8;
/** After so many rows, 2 ms, whoever else waits in this thread has a turn. */
const ROWS_PER_TURN = 256;
/** Up to this many series of a packed day are read by their rows beside it; with more, all of the day is. */
const MERGED_SERIES_MAX = 16;

/** Questions about the window rows. */
export class PostgresWindows {
  readonly #connection: PostgresConnection;
  readonly #names: PostgresSeriesNames;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
    this.#names = new PostgresSeriesNames(connection);
  }

  async read(query: MetricsQuery): Promise<readonly MetricsRow[]> {
    const tenantId = onlyTenant(query.tenantId);
    if (tenantId !== null) return this.#readTenant({ ...query, tenantId });
    const merge = new TenantMerge(query);
    const tenants = await this.#connection.query(Sql.SELECT_TENANT_DAYS, [storedTenants(query.tenantId)]);
    for (const [id, lastDayMs] of tenants) {
      const tenant = { tenantId: String(id), endMs: Number(lastDayMs) + DAY_MS };
      if (!merge.wants(tenant)) break;
      merge.add(await this.#readTenant(merge.queryOf(tenant)));
    }
    return merge.finish();
  }

  async readSpan(tenantId: TenantFilter): Promise<TimeRange | null> {
    const [[firstMs, lastMs] = []] = await this.#connection.query(Sql.SELECT_SPAN, [storedTenants(tenantId)]);
    if (firstMs == null || lastMs == null) return null;
    return { fromMs: Number(firstMs), toMs: Number(lastMs) + DAY_MS };
  }

  /**
   * One round trip a stretch, but for questions that need more rows than one page, for series that were not asked for
   * yet, and for days that are packed.
   */
  async #readTenant(query: TenantQuery): Promise<readonly MetricsRow[]> {
    const { dimension } = query;
    if (dimension !== undefined) return readDimension(this.#connection, this.#names, { query, dimension });
    const regrouper = new Regrouper(query);
    let count = 0;
    for await (const summands of this.#summands(query)) {
      for (const summand of summands) {
        if (!regrouper.add(summand)) return regrouper.finish();
        if (++count % ROWS_PER_TURN === 0) await setImmediate();
      }
    }
    return regrouper.finish();
  }

  /** Pages of rows and packed days, one after the other in the order of the query. */
  async *#summands(query: TenantQuery): AsyncGenerator<Iterable<Summand>, void> {
    const days = new PostgresPackedDays(this.#connection, this.#names, query);
    for await (const part of days.partsOf(stretchesToScan(query))) {
      const day = part.kind === 'day' ? await days.day(part) : null;
      if (part.kind === 'rows' || day === null || day.unpacked.length > MERGED_SERIES_MAX) {
        for await (const rows of this.#pages(query, storedStretch(part.stretch))) yield await this.#summandsOf(rows);
        continue;
      }
      const { packed, unpacked, resolutionMs } = day;
      const windows = windowsOf(packed, {
        ...part.stretch,
        dayStartMs: part.dayStartMs,
        resolutionMs,
        order: query.order,
      });
      if (unpacked.length === 0) yield windows;
      else {
        const rows = await this.#summandsOf(await this.#rowsOfSeries(query, part.stretch, unpacked));
        yield mergeByWindow([windows, rows], query.order, (summand) => summand.windowStartMs);
      }
    }
  }

  async #summandsOf(rows: readonly SqlRow[]): Promise<Iterable<Summand>> {
    return summandsOf(rows, await this.#names.of(rows.map(([, seriesId]) => seriesId as number)));
  }

  #rowsOfSeries(query: TenantQuery, stretch: Stretch, ids: readonly number[]): Promise<readonly SqlRow[]> {
    const { fromMs, toMs, resolutionMs } = storedStretch(stretch);
    const values = [query.tenantId, instant(fromMs), instant(toMs - 1), ids];
    return this.#connection.query(selectRowsOfSeries(tableOf(resolutionMs), query.order), values);
  }

  async readChanges({ tenantId, route, model, sinceMs, limit }: ChangesQuery): Promise<readonly ChangedRow[]> {
    const rows = await this.#connection.query(Sql.SELECT_CHANGED, [
      storedTenants(tenantId),
      sinceMs,
      route,
      model,
      limit,
    ]);
    return mergeMinutes(rows).map(({ row, tally }) => ({
      tenantId: String(row.at(-1)),
      route: String(row[2]),
      model: String(row[3]),
      windowStartMs: Number(row[4]),
      revision: Number(row[5]),
      changedAtMs: Number(row[6]),
      tally,
    }));
  }

  async readDimensions(tenantId: TenantFilter): Promise<readonly SeriesActivity[]> {
    const rows = await this.#connection.query(Sql.SELECT_DIMENSIONS, [storedTenants(tenantId)]);
    return rows.map(([tenant, route, model, provider, lastWindowStart]) => ({
      tenantId: String(tenant),
      route: String(route),
      model: String(model),
      provider: String(provider),
      lastWindowStartMs: Number(lastWindowStart),
    }));
  }

  async readDimensionValues(query: DimensionValuesQuery): Promise<readonly DimensionActivity[]> {
    const { tenantId, dimension, limit, after } = query;
    const cursor = after === null ? [null, null] : [instant(after.lastWindowStartMs), after.value];
    const rows = await this.#connection.query(Sql.selectDimensionValues(dimension), [
      storedTenants(tenantId),
      ...cursor,
      limit,
    ]);
    return rows.map(([value, last]) => ({ value: String(value), lastWindowStartMs: Number(last) }));
  }

  async unpublished(limit: number): Promise<readonly PublishableRow[]> {
    const rows = await this.#connection.query(Sql.SELECT_QUEUED, [limit]);
    return mergeMinutes(rows).map(({ row, tally }) => ({
      tenantId: String(row.at(-1)),
      route: String(row[2]),
      model: String(row[3]),
      windowStartMs: Number(row[4]),
      revision: Number(row[5]),
      tally,
    }));
  }

  async markPublished(rows: readonly PublishableRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#connection.query(Sql.MARK_PUBLISHED, [
      rows.map((row) => row.tenantId),
      rows.map((row) => row.route),
      rows.map((row) => row.model),
      rows.map((row) => instant(row.windowStartMs)),
      rows.map((row) => row.revision),
    ]);
  }

  async *#pages(query: TenantQuery, stretch: StoredStretch): AsyncGenerator<readonly SqlRow[], void> {
    const { tenantId, order, limit, route, model, provider } = query;
    const isNarrowed = isFiltered(query);
    const sql = Sql.selectTenantRows({ table: tableOf(stretch.resolutionMs), order, isFiltered: isNarrowed });
    const filter = isNarrowed ? [route, model, provider] : [];
    let { fromMs, toMs } = stretch;
    let afterSeries: number | null = null;
    // One row more than asked for tells that the last step is complete.
    const step = query.steps.at(order === 'asc' ? fromMs : toMs - 1);
    const rowsPerStep = Math.max(1, (step.toMs - step.fromMs) / stretch.resolutionMs);
    let pageRows = Math.min(Math.max(Math.ceil(limit * rowsPerStep) + 1, PAGE_ROWS_MIN), PAGE_ROWS_MAX);
    while (fromMs < toMs) {
      const range: SqlValue[] = [instant(fromMs), instant(toMs - 1), afterSeries, pageRows];
      const page = await this.#connection.query(sql, [tenantId, ...range, ...filter]);
      yield page;
      const last = page.at(-1);
      if (last === undefined || page.length < pageRows) return;
      const [lastStartMs, lastSeries] = last as [number, number];
      afterSeries = lastSeries;
      if (order === 'asc') fromMs = lastStartMs;
      else toMs = lastStartMs + 1;
      pageRows = Math.min(pageRows * PAGE_GROWTH, PAGE_ROWS_MAX);
    }
  }
}

function* summandsOf(rows: readonly SqlRow[], names: ReadonlyMap<number, SeriesNames>): Generator<Summand, void> {
  for (const row of rows) {
    const [windowStartMs, seriesId] = row as [number, number];
    const addTo = (into: Tally): void => addStoredTally(into, row, 2);
    yield { windowStartMs, ...(names.get(seriesId) as SeriesNames), seriesId, addTo };
  }
}

function tableOf(resolutionMs: ResolutionMs): Sql.WindowTable {
  if (resolutionMs === DAY_MS) return 'metrics_1d';
  return resolutionMs === HOUR_MS ? 'metrics_1h' : 'metrics_1m';
}

/** Rows of one pair and window, which follow each other, as one: columns of `MERGED`. */
function mergeMinutes(rows: readonly SqlRow[]): { readonly row: SqlRow; readonly tally: Tally }[] {
  const merged: { row: SqlRow; tally: Tally }[] = [];
  for (const row of rows) {
    let last = merged.at(-1);
    if (last === undefined || last.row[1] !== row[1] || last.row[4] !== row[4]) {
      last = { row, tally: new Tally() };
      merged.push(last);
    }
    addStoredTally(last.tally, row, 7);
  }
  return merged;
}
