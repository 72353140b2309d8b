import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import type { Tally } from '../../tally/tally.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type ReadResolutionMs } from '../../tally/window.ts';
import { WindowCodec } from '../../tally/window-codec.ts';
import type { PackQuery } from '../metrics-store.ts';
import {
  ALL_SERIES,
  addedUp,
  type PackedDay,
  type PackedWindow,
  packTotal,
  packWindows,
  ROWS_PER_TOTALLED_SERIES,
  TOTALLED_SERIES_MAX,
} from '../packed-day.ts';
import { rowsOfSeries } from './sqlite-series-rows.ts';

/** A series' day: where the search for days to pack has come to. */
interface Place {
  readonly tenantKey: number;
  readonly dayStartMs: number;
  readonly seriesId: number;
}

const START: Place = { tenantKey: -1, dayStartMs: 0, seriesId: 0 };

/** So many days are looked at in one go: 2 ms. */
const LOOKED_AT_MAX = 2_000;

/** Values: tenant key, day and series after which to begin, from, before, limit. */
const SELECT_DAYS = `
  SELECT d.window_start_ms, d.series_id, d.revision, p.revision
  FROM metrics_1d d LEFT JOIN packed_days p
    ON p.tenant_key = d.tenant_key AND p.day_start_ms = d.window_start_ms AND p.series_id = d.series_id
  WHERE d.tenant_key = ?1 AND (d.window_start_ms, d.series_id) > (?2, ?3)
    AND d.window_start_ms >= ?4 AND d.window_start_ms < ?5
  ORDER BY d.window_start_ms, d.series_id LIMIT ?6`;

/** A day's revision, how many series it has, and the revision of its total. Values: tenant key, day. */
const SELECT_DAY = `
  SELECT sum(d.revision), count(*), (
    SELECT p.revision FROM packed_days p
    WHERE p.tenant_key = ?1 AND p.day_start_ms = ?2 AND p.series_id = ${ALL_SERIES})
  FROM metrics_1d d WHERE d.tenant_key = ?1 AND d.window_start_ms = ?2`;

/** Values: tenant key, day. */
const SELECT_PACKED_SERIES = `
  SELECT p.hours, p.five_minutes FROM metrics_1d d CROSS JOIN packed_days p
    ON p.tenant_key = d.tenant_key AND p.day_start_ms = d.window_start_ms AND p.series_id = d.series_id
    AND p.revision = d.revision
  WHERE d.tenant_key = ?1 AND d.window_start_ms = ?2`;

const UPSERT_PACKED = `
  INSERT INTO packed_days (tenant_key, day_start_ms, series_id, revision, hours, five_minutes) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_key, day_start_ms, series_id) DO UPDATE
  SET revision = excluded.revision, hours = excluded.hours, five_minutes = excluded.five_minutes`;

/**
 * Packs the days that are over. It goes round over all of them, some at a time, and finds by the revision what was not
 * packed yet or has changed since; so nothing need be noted by commits.
 */
export class DayPacker {
  readonly #connection: SqliteConnection;
  readonly #codec = new WindowCodec();
  #place = START;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** Runs inside one write transaction. @returns whether there are days left to look at in this round */
  pack({ fromMs, beforeMs, rowsMax }: PackQuery): boolean {
    let rows = 0;
    let looks = 0;
    while (rows < rowsMax && looks < LOOKED_AT_MAX) {
      const { tenantKey, dayStartMs, seriesId } = this.#place;
      const after = [tenantKey, dayStartMs, seriesId, fromMs, beforeMs];
      const days = Array.from(this.#connection.rows(SELECT_DAYS, ...after, LOOKED_AT_MAX - looks));
      looks += days.length;
      for (const [dayMs, id, revision = null, packed = null] of days) {
        if (Number(dayMs) !== this.#place.dayStartMs) rows += this.#packTotal(this.#place);
        this.#place = { tenantKey, dayStartMs: Number(dayMs), seriesId: Number(id) };
        if (revision !== packed) rows += this.#packDay(this.#place, Number(revision));
        if (rows >= rowsMax) return true;
      }
      if (days.length > 0) continue;
      rows += this.#packTotal(this.#place);
      if (!this.#goToNextTenant()) return false;
    }
    return true;
  }

  #goToNextTenant(): boolean {
    const [key] =
      this.#connection.row('SELECT min(tenant_key) FROM tenants WHERE tenant_key > ?', this.#place.tenantKey) ?? [];
    this.#place = key == null ? START : { ...START, tenantKey: Number(key) };
    return key != null;
  }

  /** @returns how many rows it was */
  #packDay(place: Place, revision: number): number {
    const { tenantKey, dayStartMs, seriesId } = place;
    const hours = this.#windows(place, HOUR_MS, HOUR_MS);
    const fives = this.#windows(place, MINUTE_MS, 5 * MINUTE_MS);
    const [packedHours, packedFives] = [packWindows(hours.windows), packWindows(fives.windows)];
    if (packedHours !== null && packedFives !== null) {
      this.#connection.run(UPSERT_PACKED, tenantKey, dayStartMs, seriesId, revision, packedHours, packedFives);
    }
    return hours.rowCount + fives.rowCount;
  }

  /** What the day's series add up to, once all of them are packed. @returns how many rows it cost about as much as */
  #packTotal({ tenantKey, dayStartMs }: Place): number {
    const [revision, count, known = null] = this.#connection.row(SELECT_DAY, tenantKey, dayStartMs) ?? [];
    if (revision == null || revision === known || Number(count) > TOTALLED_SERIES_MAX) return 0;
    const series = Array.from(this.#connection.rows(SELECT_PACKED_SERIES, tenantKey, dayStartMs));
    if (series.length < Number(count)) return 0;
    const packed = packTotal(
      series.map(([hours, fives]) => ({ hours, fives }) as PackedDay),
      dayStartMs,
    );
    if (packed === null) return 0;
    this.#connection.run(UPSERT_PACKED, tenantKey, dayStartMs, ALL_SERIES, revision, packed.hours, packed.fives);
    return series.length * ROWS_PER_TOTALLED_SERIES;
  }

  #windows(
    { dayStartMs, seriesId }: Place,
    resolutionMs: ReadResolutionMs,
    sizeMs: number,
  ): { readonly windows: readonly PackedWindow[]; readonly rowCount: number } {
    const day = { fromMs: dayStartMs, toMs: dayStartMs + DAY_MS, resolutionMs };
    const rows = Array.from(
      rowsOfSeries(this.#connection, { ...day, seriesId, order: 'asc', stream: 0 }),
      ({ windowStartMs, sums }) => ({
        windowStartMs,
        addTo: (into: Tally) => this.#codec.addTallyTo(into, sums),
      }),
    );
    return { windows: addedUp(rows, { dayStartMs, sizeMs }), rowCount: rows.length };
  }
}
