import type { Tally } from '../../tally/tally.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { PackQuery } from '../metrics-store.ts';
import {
  ALL_SERIES,
  addedUp,
  type PackedDay,
  packTotal,
  packWindows,
  ROWS_PER_TOTALLED_SERIES,
  TOTALLED_SERIES_MAX,
} from '../packed-day.ts';
import * as Sql from './packed-statements.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { instant, type SqlRow } from './postgres-values.ts';
import { addStoredTally } from './stored-tally.ts';
import type { WindowTable } from './window-statements.ts';

interface Day {
  readonly tenantKey: number;
  readonly dayStartMs: number;
}

/** A series' day: where the search for days to pack has come to. */
interface Place extends Day {
  readonly seriesId: number;
}

interface StaleSeries {
  readonly seriesId: number;
  readonly revision: number;
}

const START: Place = { tenantKey: -1, dayStartMs: 0, seriesId: 0 };

/** So many days are looked at in one go. */
const LOOKED_AT_MAX = 2_000;
/** So many series are packed with one statement a table: 1,000 rows each at most, and hardly ever so many. */
const SERIES_AT_A_TIME = 4;

/**
 * Packs the days that are over, as `DayPacker` of SQLite does: it goes round over all of them, some at a time, and
 * finds by the revision what was not packed yet or has changed since.
 *
 * Rows are read after the revision that they are packed under. What is added in between may be among them; then the
 * day's revision is another one, and what was packed is not read before it is made again. Two processes that pack the
 * same write the same, and an older one overwrites no newer one.
 */
export class PostgresDayPacker {
  readonly #connection: PostgresConnection;
  #place = START;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** @returns whether there are days left to look at in this round */
  async pack({ fromMs, beforeMs, rowsMax }: PackQuery): Promise<boolean> {
    const { tenantKey, dayStartMs, seriesId } = this.#place;
    const after = [tenantKey, instant(dayStartMs), seriesId];
    const values = [...after, instant(fromMs), instant(beforeMs), LOOKED_AT_MAX];
    const days = (await this.#connection.query(Sql.SELECT_DAYS, values)) as readonly number[][];
    let rowCount = 0;
    let stale: StaleSeries[] = [];
    const packStale = async (): Promise<void> => {
      const series = stale;
      stale = [];
      if (series.length > 0) rowCount += await this.#packSeries(this.#place, series);
    };
    for (const [key = 0, startMs = 0, id = 0, revision = 0, packed] of days) {
      if (key !== this.#place.tenantKey || startMs !== this.#place.dayStartMs) {
        await packStale();
        rowCount += await this.#packTotal(this.#place);
      }
      if (rowCount >= rowsMax) return true;
      this.#place = { tenantKey: key, dayStartMs: startMs, seriesId: id };
      if (packed !== revision) stale.push({ seriesId: id, revision });
      if (stale.length === SERIES_AT_A_TIME) await packStale();
      if (rowCount >= rowsMax && stale.length === 0) return true;
    }
    await packStale();
    if (days.length === LOOKED_AT_MAX) return true;
    await this.#packTotal(this.#place);
    this.#place = START;
    return false;
  }

  /** @returns how many rows it was */
  async #packSeries(day: Day, series: readonly StaleSeries[]): Promise<number> {
    const ids = series.map(({ seriesId }) => seriesId);
    const hours = await this.#rows('metrics_1h', day, ids);
    const fives = await this.#rows('metrics_1m', day, ids);
    const made = series.flatMap(({ seriesId, revision }) => {
      const packedHours = packRows(hours.get(seriesId), day, HOUR_MS);
      const packedFives = packRows(fives.get(seriesId), day, 5 * MINUTE_MS);
      if (packedHours === null || packedFives === null) return [];
      return { seriesId, revision, hours: packedHours, fives: packedFives };
    });
    if (made.length > 0) {
      await this.#connection.query(Sql.UPSERT_PACKED_SERIES, [
        day.tenantKey,
        instant(day.dayStartMs),
        made.map(({ seriesId }) => seriesId),
        made.map(({ revision }) => revision),
        made.map((each) => byteaText(each.hours)),
        made.map((each) => byteaText(each.fives)),
      ]);
    }
    return [hours, fives].reduce((sum, rows) => sum + [...rows.values()].reduce((n, each) => n + each.length, 0), 0);
  }

  /** What the day's series add up to, once all of them are packed. @returns how many rows it cost about as much as */
  async #packTotal({ tenantKey, dayStartMs }: Day): Promise<number> {
    const day = [tenantKey, instant(dayStartMs)];
    const [row = []] = await this.#connection.query(Sql.SELECT_DAY, day);
    const [revision = null, count = 0, known] = row as readonly (number | null)[];
    if (revision === null || revision === known || Number(count) > TOTALLED_SERIES_MAX) return 0;
    const series = (await this.#connection.query(Sql.SELECT_SERIES_OF_TOTAL, day)) as readonly Uint8Array[][];
    if (series.length < Number(count)) return 0;
    const packed = packTotal(
      series.map(([hours, fives]) => ({ hours, fives }) as PackedDay),
      dayStartMs,
    );
    if (packed === null) return 0;
    const total = [[ALL_SERIES], [revision], [byteaText(packed.hours)], [byteaText(packed.fives)]];
    await this.#connection.query(Sql.UPSERT_PACKED_TOTAL, [...day, ...total]);
    return series.length * ROWS_PER_TOTALLED_SERIES;
  }

  /** Of each series, in the order of time. */
  async #rows(
    table: WindowTable,
    { tenantKey, dayStartMs }: Day,
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, readonly SqlRow[]>> {
    const range = [instant(dayStartMs), instant(dayStartMs + DAY_MS - 1)];
    const rows = await this.#connection.query(Sql.selectRowsToPack(table), [tenantKey, ...range, ids]);
    return Map.groupBy(rows, (row) => row[1] as number);
  }
}

function packRows(rows: readonly SqlRow[] = [], { dayStartMs }: Day, sizeMs: number): Uint8Array | null {
  const summands = rows.map((row) => ({
    windowStartMs: row[0] as number,
    addTo: (into: Tally) => addStoredTally(into, row, 2),
  }));
  return packWindows(addedUp(summands, { dayStartMs, sizeMs }));
}

/** As an element of an array. */
function byteaText(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes).toString('hex')}`;
}
