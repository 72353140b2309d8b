import { Tally } from '../../tally/tally.ts';
import { coarsestResolutionMs, DAY_MS, HOUR_MS } from '../../tally/window.ts';
import type { ChangedRow, ChangesQuery, MetricsQuery, MetricsRow, SeriesActivity } from '../metrics-reader.ts';
import type { PublishableRow } from '../outbox.ts';
import { Regrouper, rangeToScan } from '../regroup.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { PostgresSeriesNames, type SeriesNames } from './postgres-series-names.ts';
import { instant, type SqlRow, type SqlValue } from './postgres-values.ts';
import { addStoredTally } from './stored-tally.ts';
import * as Sql from './window-statements.ts';

/** A page is at first as many rows as asked for, then ever larger: most questions need one. */
const PAGE_ROWS_MIN = 64;
const PAGE_ROWS_MAX = 10_000;
const PAGE_GROWTH = 8;

/** Questions about the window rows. */
export class PostgresWindows {
  readonly #connection: PostgresConnection;
  readonly #names: PostgresSeriesNames;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
    this.#names = new PostgresSeriesNames(connection);
  }

  /** One round trip, but for questions that need more rows than one page and for series that were not asked for yet. */
  async read(query: MetricsQuery): Promise<readonly MetricsRow[]> {
    const regrouper = new Regrouper(query);
    for await (const rows of this.#pages(query)) {
      const names = await this.#names.of(rows.map(([, seriesId]) => seriesId as number));
      for (const row of rows) {
        const [windowStartMs, seriesId] = row as [number, number];
        const { route, model, provider } = names.get(seriesId) as SeriesNames;
        const addTo = (into: Tally): void => addStoredTally(into, row, 2);
        if (!regrouper.add({ windowStartMs, route, model, provider, addTo })) return regrouper.finish();
      }
    }
    return regrouper.finish();
  }

  async readChanges({ tenantId, route, model, sinceMs, limit }: ChangesQuery): Promise<readonly ChangedRow[]> {
    const rows = await this.#connection.query(Sql.SELECT_CHANGED, [tenantId, sinceMs, route, model, limit]);
    return mergeMinutes(rows).map(({ row, tally }) => ({
      route: String(row[2]),
      model: String(row[3]),
      windowStartMs: Number(row[4]),
      revision: Number(row[5]),
      changedAtMs: Number(row[6]),
      tally,
    }));
  }

  async readDimensions(tenantId: string | null): Promise<readonly SeriesActivity[]> {
    const rows = await this.#connection.query(Sql.SELECT_DIMENSIONS, [tenantId]);
    return rows.map(([tenant, route, model, provider, lastWindowStart]) => ({
      tenantId: String(tenant),
      route: String(route),
      model: String(model),
      provider: String(provider),
      lastWindowStartMs: Number(lastWindowStart),
    }));
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

  async *#pages(query: MetricsQuery): AsyncGenerator<readonly SqlRow[], void> {
    const { tenantId, order, stepMs, limit, route, model, provider } = query;
    const resolutionMs = coarsestResolutionMs(stepMs);
    const isFiltered = route !== null || model !== null || provider !== null;
    const sql = Sql.selectTenantRows({ table: tableOf(stepMs), order, isFiltered });
    const filter = isFiltered ? [route, model, provider] : [];
    let { fromMs, toMs } = rangeToScan(query);
    let afterSeries: number | null = null;
    // One row more than asked for tells that the last step is complete.
    let pageRows = Math.min(Math.max((limit * stepMs) / resolutionMs + 1, PAGE_ROWS_MIN), PAGE_ROWS_MAX);
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

function tableOf(stepMs: number): Sql.WindowTable {
  const resolutionMs = coarsestResolutionMs(stepMs);
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
