import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { Stretch, TimeRange } from '../../tally/steps.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { TenantQuery } from '../regroup.ts';
import type { PackedSeries } from './packed-day.ts';

/** A tenant with more series in a day is read row by row: their packed days would take some 50 MB at a time. */
const SERIES_MAX = 2_000;

const COLUMNS: ReadonlyMap<number, string> = new Map([
  [HOUR_MS, 'hours'],
  [5 * MINUTE_MS, 'five_minutes'],
]);

/** Values: tenant key, day, ids of series as JSON (null: all), limit. Null: not packed, or changed since. */
const selectPacked = (column: string): string => `
  SELECT d.series_id, p.${column}
  FROM metrics_1d d LEFT JOIN packed_days p
    ON p.tenant_key = d.tenant_key AND p.day_start_ms = d.window_start_ms AND p.series_id = d.series_id
    AND p.revision = d.revision
  WHERE d.tenant_key = ?1 AND d.window_start_ms = ?2
    AND (?3 IS NULL OR d.series_id IN (SELECT value FROM json_each(?3)))
  ORDER BY d.series_id LIMIT ?4`;

/** What all series of a tenant add up to is kept as if it were one more. */
export const ALL_SERIES = 0;

/**
 * Values: tenant key, day. Each change to a series of the day raises the sum of their revisions, and none lowers it: so
 * the total holds as long as that sum is what it was.
 */
const selectTotal = (column: string): string => `
  SELECT p.${column} FROM packed_days p
  WHERE p.tenant_key = ?1 AND p.day_start_ms = ?2 AND p.series_id = ${ALL_SERIES} AND p.revision = (
    SELECT sum(d.revision) FROM metrics_1d d WHERE d.tenant_key = ?1 AND d.window_start_ms = ?2)`;

/** Values: tenant key, route, model, provider (null: any). */
const SELECT_NAMES = `
  SELECT s.series_id, p.route, p.model, s.provider FROM pairs p CROSS JOIN series s ON s.pair_id = p.pair_id
  WHERE p.tenant_key = ?1 AND (?2 IS NULL OR p.route = ?2) AND (?3 IS NULL OR p.model = ?3)
    AND (?4 IS NULL OR s.provider = ?4)`;

/** Values: tenant key; the day begins after this and before that. */
const selectPackedDay = (end: 'min' | 'max'): string => `
  SELECT ${end}(day_start_ms) FROM packed_days WHERE tenant_key = ?1 AND day_start_ms > ?2 AND day_start_ms < ?3`;
const SELECT_FIRST_PACKED = selectPackedDay('min');
const SELECT_LAST_PACKED = selectPackedDay('max');

const SERIES_GROUPS = ['route', 'model', 'provider'] as const;

type Names = Pick<PackedSeries, 'route' | 'model' | 'provider'>;

/** A part of a stretch, in one day where that is packed. */
export interface Part extends Stretch {
  readonly dayStartMs: number | null;
}

export interface DayOfSeries {
  readonly resolutionMs: number;
  readonly packed: readonly PackedSeries[];
  /** Those whose rows must be read. */
  readonly unpacked: readonly number[];
}

/** The packed days that a question about a tenant may use. */
export class PackedDaysOfTenant {
  readonly #connection: SqliteConnection;
  readonly #tenantKey: number;
  readonly #query: TenantQuery;
  readonly #isFiltered: boolean;
  readonly #isTotal: boolean;
  #names: ReadonlyMap<number, Names> | null = null;

  constructor(connection: SqliteConnection, tenantKey: number, query: TenantQuery) {
    this.#connection = connection;
    this.#tenantKey = tenantKey;
    this.#query = query;
    const { route, model, provider, groupBy } = query;
    this.#isFiltered = route !== null || model !== null || provider !== null;
    this.#isTotal = !this.#isFiltered && !SERIES_GROUPS.some((group) => groupBy.includes(group));
  }

  /** Null where the rows of the day are read in another way. */
  day(dayStartMs: number, resolutionMs: number): DayOfSeries | null {
    const total = this.#isTotal ? this.#total(dayStartMs, resolutionMs) : null;
    if (total !== null) return total;
    const column = COLUMNS.get(resolutionMs);
    if (column === undefined) return null;
    this.#names ??= this.#readNames();
    const ids = this.#isFiltered ? JSON.stringify([...this.#names.keys()]) : null;
    const packed: PackedSeries[] = [];
    const unpacked: number[] = [];
    for (const row of this.#connection.rows(selectPacked(column), this.#tenantKey, dayStartMs, ids, SERIES_MAX + 1)) {
      const seriesId = Number(row[0]);
      const names = this.#names.get(seriesId);
      const windows = row[1] as Uint8Array | null;
      if (names === undefined) continue;
      if (windows === null) unpacked.push(seriesId);
      else packed.push({ seriesId, ...names, windows });
    }
    const isRead = packed.length > 0 && packed.length + unpacked.length <= SERIES_MAX;
    return isRead ? { packed, unpacked, resolutionMs } : null;
  }

  /** A day's total by its hours is one row, where the day rows of its series are many. */
  #total(dayStartMs: number, resolutionMs: number): DayOfSeries | null {
    const readMs = Math.min(resolutionMs, HOUR_MS);
    const sql = selectTotal(COLUMNS.get(readMs) ?? 'hours');
    const [windows] = this.#connection.row(sql, this.#tenantKey, dayStartMs) ?? [];
    if (windows == null) return null;
    const names = { seriesId: ALL_SERIES, route: '', model: '', provider: '' };
    return { packed: [{ ...names, windows: windows as Uint8Array }], unpacked: [], resolutionMs: readMs };
  }

  /** A stretch as the days that are packed, at least in part, and what lies between them. */
  *partsOf(stretch: Stretch): Generator<Part> {
    if (!COLUMNS.has(stretch.resolutionMs) && !(this.#isTotal && stretch.resolutionMs === DAY_MS)) {
      yield { ...stretch, dayStartMs: null };
      return;
    }
    const isForward = this.#query.order === 'asc';
    let { fromMs, toMs } = stretch;
    while (fromMs < toMs) {
      const dayStartMs = this.#nextDay({ fromMs, toMs }, isForward);
      const day = { fromMs: Math.max(fromMs, dayStartMs ?? toMs), toMs: Math.min(toMs, (dayStartMs ?? toMs) + DAY_MS) };
      const before = isForward
        ? { fromMs, toMs: day.fromMs }
        : { fromMs: dayStartMs === null ? fromMs : day.toMs, toMs };
      if (before.fromMs < before.toMs) yield { ...stretch, ...before, dayStartMs: null };
      if (dayStartMs === null) return;
      yield { ...stretch, ...day, dayStartMs };
      if (isForward) fromMs = day.toMs;
      else toMs = day.fromMs;
    }
  }

  #nextDay({ fromMs, toMs }: TimeRange, isForward: boolean): number | null {
    const sql = isForward ? SELECT_FIRST_PACKED : SELECT_LAST_PACKED;
    const [dayMs] = this.#connection.row(sql, this.#tenantKey, fromMs - DAY_MS, toMs) ?? [];
    return dayMs == null ? null : Number(dayMs);
  }

  #readNames(): ReadonlyMap<number, Names> {
    const { route, model, provider } = this.#query;
    const values: SqlValue[] = [this.#tenantKey, route, model, provider];
    return new Map(
      Array.from(this.#connection.rows(SELECT_NAMES, ...values), (row) => [
        Number(row[0]),
        { route: String(row[1]), model: String(row[2]), provider: String(row[3]) },
      ]),
    );
  }
}
