import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import type { Stretch, TimeRange } from '../../tally/steps.ts';
import { DAY_MS, HOUR_MS } from '../../tally/window.ts';
import {
  ALL_SERIES,
  cutAtDay,
  type DayOfSeries,
  isOfTotal,
  NO_NAMES,
  PACKED_COLUMNS,
  PACKED_SERIES_MAX,
  type PackedColumn,
  type PackedSeries,
} from '../packed-day.ts';
import { isFiltered, type TenantQuery } from '../regroup.ts';
import { namesOfSeries, type SeriesNames } from './series-names.ts';

/** Values: tenant key, day, ids of series as JSON (null: all), limit. Null: not packed, or changed since. */
const selectPacked = (column: PackedColumn): string => `
  SELECT d.series_id, p.${column}
  FROM metrics_1d d LEFT JOIN packed_days p
    ON p.tenant_key = d.tenant_key AND p.day_start_ms = d.window_start_ms AND p.series_id = d.series_id
    AND p.revision = d.revision
  WHERE d.tenant_key = ?1 AND d.window_start_ms = ?2
    AND (?3 IS NULL OR d.series_id IN (SELECT value FROM json_each(?3)))
  ORDER BY d.series_id LIMIT ?4`;

/**
 * Values: tenant key, day. Each change to a series of the day raises the sum of their revisions, and none lowers it: so
 * the total holds as long as that sum is what it was.
 */
const selectTotal = (column: PackedColumn): string => `
  SELECT p.${column} FROM packed_days p
  WHERE p.tenant_key = ?1 AND p.day_start_ms = ?2 AND p.series_id = ${ALL_SERIES} AND p.revision = (
    SELECT sum(d.revision) FROM metrics_1d d WHERE d.tenant_key = ?1 AND d.window_start_ms = ?2)`;

/** Values: tenant key; the day begins after this and before that. */
const selectPackedDay = (end: 'min' | 'max'): string => `
  SELECT ${end}(day_start_ms) FROM packed_days WHERE tenant_key = ?1 AND day_start_ms > ?2 AND day_start_ms < ?3`;
const SELECT_FIRST_PACKED = selectPackedDay('min');
const SELECT_LAST_PACKED = selectPackedDay('max');

/** A part of a stretch, in one day where that is packed. */
export interface Part extends Stretch {
  readonly dayStartMs: number | null;
}

/** The packed days that a question about a tenant may use. */
export class PackedDaysOfTenant {
  readonly #connection: SqliteConnection;
  readonly #tenantKey: number;
  readonly #query: TenantQuery;
  readonly #isFiltered: boolean;
  readonly #isTotal: boolean;
  #names: ReadonlyMap<number, SeriesNames> | null = null;

  constructor(connection: SqliteConnection, tenantKey: number, query: TenantQuery) {
    this.#connection = connection;
    this.#tenantKey = tenantKey;
    this.#query = query;
    this.#isFiltered = isFiltered(query);
    this.#isTotal = isOfTotal(query);
  }

  /** Null where the rows of the day are read in another way. */
  day(dayStartMs: number, resolutionMs: number): DayOfSeries | null {
    const total = this.#isTotal ? this.#total(dayStartMs, resolutionMs) : null;
    if (total !== null) return total;
    const column = PACKED_COLUMNS.get(resolutionMs);
    if (column === undefined) return null;
    this.#names ??= namesOfSeries(this.#connection, this.#tenantKey, this.#query);
    const ids = this.#isFiltered ? JSON.stringify([...this.#names.keys()]) : null;
    const packed: PackedSeries[] = [];
    const unpacked: number[] = [];
    for (const row of this.#connection.rows(
      selectPacked(column),
      this.#tenantKey,
      dayStartMs,
      ids,
      PACKED_SERIES_MAX + 1,
    )) {
      const seriesId = Number(row[0]);
      const names = this.#names.get(seriesId);
      const windows = row[1] as Uint8Array | null;
      if (names === undefined) continue;
      if (windows === null) unpacked.push(seriesId);
      else packed.push({ seriesId, ...names, windows });
    }
    const isRead = packed.length > 0 && packed.length + unpacked.length <= PACKED_SERIES_MAX;
    return isRead ? { packed, unpacked, resolutionMs } : null;
  }

  /** A day's total by its hours is one row, where the day rows of its series are many. */
  #total(dayStartMs: number, resolutionMs: number): DayOfSeries | null {
    const readMs = Math.min(resolutionMs, HOUR_MS);
    const sql = selectTotal(PACKED_COLUMNS.get(readMs) ?? 'hours');
    const [windows] = this.#connection.row(sql, this.#tenantKey, dayStartMs) ?? [];
    if (windows == null) return null;
    return { packed: [{ ...NO_NAMES, windows: windows as Uint8Array }], unpacked: [], resolutionMs: readMs };
  }

  /** A stretch as the days that are packed, at least in part, and what lies between them. */
  *partsOf(stretch: Stretch): Generator<Part> {
    if (!PACKED_COLUMNS.has(stretch.resolutionMs) && !(this.#isTotal && stretch.resolutionMs === DAY_MS)) {
      yield { ...stretch, dayStartMs: null };
      return;
    }
    const isForward = this.#query.order === 'asc';
    let left: TimeRange = { fromMs: stretch.fromMs, toMs: stretch.toMs };
    while (left.fromMs < left.toMs) {
      const dayStartMs = this.#nextDay(left, isForward);
      if (dayStartMs === null) {
        yield { ...stretch, ...left, dayStartMs };
        return;
      }
      const { before, day, after } = cutAtDay(left, dayStartMs, this.#query.order);
      if (before.fromMs < before.toMs) yield { ...stretch, ...before, dayStartMs: null };
      yield { ...stretch, ...day, dayStartMs };
      left = after;
    }
  }

  #nextDay({ fromMs, toMs }: TimeRange, isForward: boolean): number | null {
    const sql = isForward ? SELECT_FIRST_PACKED : SELECT_LAST_PACKED;
    const [dayMs] = this.#connection.row(sql, this.#tenantKey, fromMs - DAY_MS, toMs) ?? [];
    return dayMs == null ? null : Number(dayMs);
  }
}
