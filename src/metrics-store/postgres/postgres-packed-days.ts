import { joinedStretch, type StoredStretch, type Stretch, storedStretch, type TimeRange } from '../../tally/steps.ts';
import { DAY_MS, HOUR_MS } from '../../tally/window.ts';
import {
  cutAtDay,
  type DayOfSeries,
  isOfTotal,
  NO_NAMES,
  PACKED_COLUMNS,
  PACKED_SERIES_MAX,
  type PackedSeries,
} from '../packed-day.ts';
import { isFiltered, type TenantQuery } from '../regroup.ts';
import { selectNextDay, selectPackedSeries } from './packed-statements.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import type { PostgresSeriesNames, SeriesNames } from './postgres-series-names.ts';
import { instant } from './postgres-values.ts';

/** A part of a stretch that is read from rows, or from a day that is packed at least in part. */
export type Part =
  | { readonly kind: 'rows'; readonly stretch: StoredStretch }
  | { readonly kind: 'day'; readonly stretch: Stretch; readonly dayStartMs: number; readonly total: Uint8Array | null };

/** The packed days that a question about a tenant may use. */
export class PostgresPackedDays {
  readonly #connection: PostgresConnection;
  readonly #names: PostgresSeriesNames;
  readonly #query: TenantQuery;
  readonly #isFiltered: boolean;
  readonly #isTotal: boolean;

  constructor(connection: PostgresConnection, names: PostgresSeriesNames, query: TenantQuery) {
    this.#connection = connection;
    this.#names = names;
    this.#query = query;
    this.#isFiltered = isFiltered(query);
    this.#isTotal = isOfTotal(query);
  }

  /** Rows that follow each other in one table are one part. */
  async *partsOf(stretches: Iterable<Stretch>): AsyncGenerator<Part, void> {
    let held: StoredStretch | null = null;
    for (const stretch of stretches) {
      for await (const part of this.#partsOf(stretch)) {
        const joined: StoredStretch | null =
          held !== null && part.kind === 'rows' ? joinedStretch(held, part.stretch) : null;
        if (held !== null && joined === null) yield { kind: 'rows', stretch: held };
        held = part.kind === 'rows' ? (joined ?? part.stretch) : null;
        if (part.kind === 'day') yield part;
      }
    }
    if (held !== null) yield { kind: 'rows', stretch: held };
  }

  /** Null where the rows of the day are read in another way. */
  async day({ stretch, dayStartMs, total }: Extract<Part, { kind: 'day' }>): Promise<DayOfSeries | null> {
    if (total !== null) {
      const resolutionMs = Math.min(stretch.resolutionMs, HOUR_MS);
      return { packed: [{ ...NO_NAMES, windows: total }], unpacked: [], resolutionMs };
    }
    const column = PACKED_COLUMNS.get(stretch.resolutionMs);
    if (column === undefined) return null;
    const { tenantId, route, model, provider } = this.#query;
    const filter = this.#isFiltered ? [route, model, provider] : [];
    const values = [tenantId, instant(dayStartMs), PACKED_SERIES_MAX + 1, ...filter];
    const rows = await this.#connection.query(selectPackedSeries(column, this.#isFiltered), values);
    const names = await this.#names.of(rows.map(([id]) => id as number));
    const packed: PackedSeries[] = [];
    const unpacked: number[] = [];
    for (const [id, windows] of rows as readonly (readonly [number, Uint8Array | null])[]) {
      if (windows === null) unpacked.push(id);
      else packed.push({ seriesId: id, ...(names.get(id) as SeriesNames), windows });
    }
    const isRead = packed.length > 0 && rows.length <= PACKED_SERIES_MAX;
    return isRead ? { packed, unpacked, resolutionMs: stretch.resolutionMs } : null;
  }

  async *#partsOf(stretch: Stretch): AsyncGenerator<Part, void> {
    const { resolutionMs } = stretch;
    if (!PACKED_COLUMNS.has(resolutionMs) && !(this.#isTotal && resolutionMs === DAY_MS)) {
      yield { kind: 'rows', stretch: storedStretch(stretch) };
      return;
    }
    const isForward = this.#query.order === 'asc';
    let left: TimeRange = { fromMs: stretch.fromMs, toMs: stretch.toMs };
    while (left.fromMs < left.toMs) {
      const found = await this.#nextDay({ ...stretch, ...left }, isForward);
      if (found === null) {
        yield { kind: 'rows', stretch: storedStretch({ resolutionMs, ...left }) };
        return;
      }
      const { before, day, after } = cutAtDay(left, found.dayStartMs, this.#query.order);
      if (before.fromMs < before.toMs) {
        yield { kind: 'rows', stretch: storedStretch({ resolutionMs, ...before }) };
      }
      yield { kind: 'day', stretch: { resolutionMs, ...day }, ...found };
      left = after;
    }
  }

  /** The first or the last packed day of which a part lies in the stretch. */
  async #nextDay({ fromMs, toMs, resolutionMs }: Stretch, isForward: boolean) {
    const totalOf = this.#isTotal ? (PACKED_COLUMNS.get(Math.min(resolutionMs, HOUR_MS)) ?? 'hours') : null;
    const firstDayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
    const values = [this.#query.tenantId, instant(firstDayMs), instant(toMs)];
    const [row] = await this.#connection.query(selectNextDay(isForward ? 'min' : 'max', totalOf), values);
    if (row === undefined) return null;
    const [dayStartMs, total] = row as readonly [number, Uint8Array | null];
    return { dayStartMs, total };
  }
}
