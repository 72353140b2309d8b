import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import { nameOfBilled } from '../../tally/billed-name.ts';
import { addEncodedHistogram } from '../../tally/histogram-codec.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS, Tally } from '../../tally/tally.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, Usage } from '../../tally/usage.ts';
import { HOUR_MS, MINUTE_MS, windowStartMs } from '../../tally/window.ts';
import { WindowCodec } from '../../tally/window-codec.ts';
import { BILLED_COLUMNS, billedOf } from '../billed-columns.ts';
import { columnOf } from '../tally-columns.ts';
import { UPSERT_DAY, UPSERT_HOUR, UPSERT_MINUTE } from './commit-statements.ts';
import { MinuteBits } from './minute-bits.ts';
import { storedBigInt } from './stored-integers.ts';

/**
 * Writes the rows of the first schema, which had a column for each sum, as `sql/0002.sql` has them. Row by row in the
 * order of their keys, so that more of them take no more memory; the file needs room for both until it is done.
 */
export class WindowBytesMigration {
  readonly #connection: SqliteConnection;
  readonly #codec = new WindowCodec();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** Runs inside the transaction of the migration. */
  run(): void {
    this.#writeMinutes();
    this.#writeUsage();
    this.#writeHours();
    this.#writeDays();
    this.#connection.exec(
      'DROP TABLE columns_1m; DROP TABLE columns_1h; DROP TABLE columns_1d; DROP TABLE usage_columns_1m',
    );
  }

  #writeMinutes(): void {
    const columns = new TallyColumns(this.#columnsOf('columns_1m'));
    const sql = `SELECT ${KEY}, revision, changed_at_ms, ${columns.names} FROM columns_1m ORDER BY ${KEY}`;
    for (const [tenantKey = 0, startMs = 0, id = 0, revision = 0, changedAt = 0, ...sums] of this.#connection.rows(
      sql,
    )) {
      const bytes = this.#codec.encode(columns.tallyOf(sums));
      this.#connection.run(UPSERT_MINUTE, tenantKey, startMs, id, revision, changedAt, bytes);
    }
  }

  #writeUsage(): void {
    const known = this.#columnsOf('usage_columns_1m');
    const sums = USAGE_SUMS.filter((field) => known.has(columnOf(field)));
    const money = USAGE_EXACT_SUMS.filter((field) => known.has(columnOf(field)));
    const nothing = new Tally();
    const columns = [...BILLED_COLUMNS, ...sums.map(columnOf), ...money.map(columnOf)].map((name) => `u.${name}`);
    const sql = `SELECT u.tenant_key, u.window_start_ms, u.series_id, p.model, s.provider, ${columns.join(', ')}
      FROM usage_columns_1m u CROSS JOIN series s ON s.series_id = u.series_id CROSS JOIN pairs p ON p.pair_id = s.pair_id
      ORDER BY u.tenant_key, u.window_start_ms, u.series_id`;
    for (const [tenantKey = 0, startMs = 0, id = 0, model, provider, ...values] of this.#connection.rows(sql)) {
      const asked = { model: String(model), provider: String(provider) };
      const usage = new Usage();
      let at = BILLED_COLUMNS.length;
      for (const field of sums) usage[field] = Number(values[at++]);
      for (const field of money) usage[field].addBig(storedBigInt(values[at++]));
      const billed = nameOfBilled(billedOf(values.slice(0, BILLED_COLUMNS.length)), asked);
      const bytes = this.#codec.encode(nothing, [{ billed, usage }]);
      this.#connection.run(UPSERT_MINUTE, tenantKey, startMs, id, 0, -1, bytes);
    }
  }

  #writeHours(): void {
    const columns = new TallyColumns(this.#columnsOf('columns_1h'));
    const sql = `SELECT ${KEY}, ${columns.names} FROM columns_1h ORDER BY ${KEY}`;
    let minutes: MinutesOfHour | null = null;
    for (const [tenantKey = 0, start, id = 0, ...sums] of this.#connection.rows(sql)) {
      const hourMs = Number(start);
      if (minutes?.tenantKey !== tenantKey || minutes.hourMs !== hourMs) minutes = this.#minutesOf(tenantKey, hourMs);
      const bits = minutes.bySeries.get(Number(id))?.stored ?? 0n;
      this.#connection.run(UPSERT_HOUR, tenantKey, hourMs, id, bits, this.#codec.encode(columns.tallyOf(sums)));
    }
  }

  #minutesOf(tenantKey: SqlValue, hourMs: number): MinutesOfHour {
    const bySeries = new Map<number, MinuteBits>();
    const rows = this.#connection.rows(SELECT_MINUTES_OF_HOUR, tenantKey, hourMs, hourMs + HOUR_MS);
    for (const [start, id] of rows) {
      const bits = bySeries.get(Number(id)) ?? new MinuteBits();
      bySeries.set(Number(id), bits);
      bits.add((Number(start) - windowStartMs(Number(start), HOUR_MS)) / MINUTE_MS);
    }
    return { tenantKey, hourMs, bySeries };
  }

  #writeDays(): void {
    const columns = new TallyColumns(this.#columnsOf('columns_1d'));
    const sql = `SELECT ${KEY}, revision, ${columns.names} FROM columns_1d ORDER BY ${KEY}`;
    for (const [tenantKey = 0, startMs = 0, id = 0, revision = 0, ...sums] of this.#connection.rows(sql)) {
      const tally = columns.tallyOf(sums);
      this.#connection.run(UPSERT_DAY, tenantKey, startMs, id, tally.requests, this.#codec.encode(tally));
      this.#connection.run(SET_REVISION, revision, tenantKey, startMs, id);
    }
  }

  #columnsOf(table: string): ReadonlySet<string> {
    return new Set(
      Array.from(this.#connection.rows(`SELECT name FROM pragma_table_info('${table}')`), ([name]) => String(name)),
    );
  }
}

interface MinutesOfHour {
  readonly tenantKey: SqlValue;
  readonly hourMs: number;
  readonly bySeries: ReadonlyMap<number, MinuteBits>;
}

const KEY = 'tenant_key, window_start_ms, series_id';

const SELECT_MINUTES_OF_HOUR = `
  SELECT window_start_ms, series_id FROM columns_1m
  WHERE tenant_key = ? AND window_start_ms >= ? AND window_start_ms < ?`;

const SET_REVISION =
  'UPDATE metrics_1d SET revision = ? WHERE tenant_key = ? AND window_start_ms = ? AND series_id = ?';

/** The sums that a table has columns for: those that came later have none. */
class TallyColumns {
  readonly #sums;
  readonly #maxima;
  readonly #money;
  readonly #histograms;

  constructor(known: ReadonlySet<string>) {
    this.#sums = TALLY_SUMS.filter((field) => known.has(columnOf(field)));
    this.#maxima = TALLY_MAXIMA.filter((field) => known.has(columnOf(field)));
    this.#money = TALLY_EXACT_SUMS.filter((field) => known.has(columnOf(field)));
    this.#histograms = TALLY_HISTOGRAMS.filter((field) => known.has(columnOf(field)));
  }

  get names(): string {
    return [...this.#sums, ...this.#maxima, ...this.#money, ...this.#histograms].map(columnOf).join(', ');
  }

  /** From the values of these columns. */
  tallyOf(values: readonly SqlValue[]): Tally {
    const tally = new Tally();
    let at = 0;
    for (const field of this.#sums) tally[field] = Number(values[at++]);
    for (const field of this.#maxima) tally[field] = Number(values[at++]);
    for (const field of this.#money) tally[field].addBig(storedBigInt(values[at++]));
    for (const field of this.#histograms) addEncodedHistogram(tally[field], values[at++] as Uint8Array);
    return tally;
  }
}
