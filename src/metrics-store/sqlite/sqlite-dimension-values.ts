import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { OVERFLOW_VALUE, reservedValue, valueOfId } from '../dimension-piece.ts';
import { storableText } from '../storable-text.ts';

/** A tenant's dimension on one day: there is a limit for each. */
export interface DimensionDay {
  readonly tenantKey: number;
  readonly dimension: string;
  readonly dayStartMs: number;
}

/** Entries kept in memory; beyond it they are all forgotten and read again, which costs some µs each. */
const CACHED_MAX = 200_000;

export const SELECT_VALUE =
  'SELECT value_id FROM dimension_values WHERE tenant_key = ? AND dimension = ? AND value = ?';
const INSERT_VALUE = 'INSERT INTO dimension_values (tenant_key, dimension, value) VALUES (?, ?, ?) RETURNING value_id';
const OF_DAY = 'tenant_key = ? AND dimension = ? AND day_start_ms = ?';
const SELECT_ON_DAY = `SELECT 1 FROM dimension_days WHERE ${OF_DAY} AND value_id = ?`;
const COUNT_DAY = `SELECT count(*) FROM dimension_days WHERE ${OF_DAY}`;
const INSERT_DAY = 'INSERT INTO dimension_days (tenant_key, dimension, day_start_ms, value_id) VALUES (?, ?, ?, ?)';

/**
 * The numbers of the values of dimensions, of which each day has a bounded number. What is cached stays true until a
 * transaction is rolled back, or something is deleted: then call `forget`.
 */
export class SqliteDimensionValues {
  readonly #connection: SqliteConnection;
  readonly #valuesMax: number;
  readonly #days = new Map<string, Map<string, number>>();
  #size = 0;
  readonly #counts = new Map<string, number>();

  constructor(connection: SqliteConnection, valuesMax: number) {
    this.#connection = connection;
    this.#valuesMax = valuesMax;
  }

  forget(): void {
    this.#days.clear();
    this.#size = 0;
    this.#counts.clear();
  }

  /** Finds a value's own number on a day, or that of the overflow where the day has as many values as it may have. */
  on(day: DimensionDay): (named: string) => number {
    const dayKey = `${day.tenantKey} ${day.dayStartMs} ${day.dimension}`;
    let known = this.#ofDay(dayKey);
    return (named) => {
      const cached = known.get(named);
      if (cached !== undefined) return cached;
      if (this.#size >= CACHED_MAX) {
        this.forget();
        known = this.#ofDay(dayKey);
      }
      const value = reservedValue(named) ?? this.#open(day, dayKey, storableText(named));
      known.set(named, value);
      this.#size++;
      return value;
    };
  }

  #ofDay(dayKey: string): Map<string, number> {
    let known = this.#days.get(dayKey);
    if (known === undefined) this.#days.set(dayKey, (known = new Map()));
    return known;
  }

  #open({ tenantKey, dimension, dayStartMs }: DimensionDay, dayKey: string, text: string): number {
    const known = this.#connection.row(SELECT_VALUE, tenantKey, dimension, text)?.[0];
    const place = [tenantKey, dimension, dayStartMs];
    if (known != null && this.#connection.row(SELECT_ON_DAY, ...place, known) !== undefined) {
      return valueOfId(Number(known));
    }
    const count = this.#counts.get(dayKey) ?? Number(this.#connection.row(COUNT_DAY, ...place)?.[0]);
    this.#counts.set(dayKey, count);
    if (count >= this.#valuesMax) return OVERFLOW_VALUE;
    const id = Number(known ?? this.#connection.row(INSERT_VALUE, tenantKey, dimension, text)?.[0]);
    this.#connection.run(INSERT_DAY, ...place, id);
    this.#counts.set(dayKey, count + 1);
    return valueOfId(id);
  }
}
