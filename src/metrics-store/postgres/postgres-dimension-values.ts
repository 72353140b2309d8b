import { DAY_MS, windowStartMs } from '../../tally/window.ts';
import type { DimensionDelta } from '../commit.ts';
import { OVERFLOW_VALUE, reservedValue, valueOfId } from '../dimension-piece.ts';
import { storableText } from '../storable-text.ts';
import type { PostgresConnection } from './postgres-connection.ts';

/** Entries kept in memory; beyond it they are forgotten and asked for again. */
const CACHED_MAX = 200_000;

/** Entries asked for at a time. */
const WANTED_MAX = 5_000;

interface Wanted {
  readonly key: string;
  readonly tenant_key: number;
  readonly dimension: string;
  readonly day_ms: number;
  readonly value: string;
}

/** The numbers of one commit's values, by dimension. */
export type ValueNumbers = (delta: DimensionDelta) => readonly ((value: string) => number)[];

/** The values of dimensions as numbers; see `PostgresDictionary` for when they go. */
export class PostgresDimensionValues {
  readonly #connection: PostgresConnection;
  readonly #valuesMax: number;
  readonly #numbers = new Map<string, number>();

  constructor(connection: PostgresConnection, valuesMax: number) {
    this.#connection = connection;
    this.#valuesMax = valuesMax;
  }

  forget(): void {
    this.#numbers.clear();
  }

  /** A second round trip only where a day has a value that is new to this process. */
  async resolve(
    deltas: readonly DimensionDelta[],
    tenantKeyOf: (delta: DimensionDelta) => number,
  ): Promise<ValueNumbers> {
    if (this.#numbers.size > CACHED_MAX) this.forget();
    const numbers = new Map<string, number>();
    const wanted = new Map<string, Wanted>();
    // By tenant, as the dictionary locks them, so that no two wait for each other.
    const ordered = deltas.toSorted((a, b) => (a.series.tenantId < b.series.tenantId ? -1 : 1));
    for (const delta of ordered) {
      const at = { tenant_key: tenantKeyOf(delta), day_ms: dayOf(delta) };
      for (const [i, dimension] of delta.dimensions.entries()) {
        for (const value of textsIn(delta, i)) {
          if (reservedValue(value) !== null) continue;
          const key = keyOf(delta, dimension, value);
          const known = this.#numbers.get(key);
          if (known !== undefined) numbers.set(key, known);
          else wanted.set(key, { key, ...at, dimension, value: storableText(value) });
        }
      }
    }
    const all = [...wanted.values()];
    for (let at = 0; at < all.length; at += WANTED_MAX) await this.#ask(all.slice(at, at + WANTED_MAX), numbers);
    return (delta) =>
      delta.dimensions.map((dimension) => (value) => {
        const number = reservedValue(value) ?? numbers.get(keyOf(delta, dimension, value));
        if (number === undefined) throw new Error('Broken invariant: a commit is resolved before it is written');
        return number;
      });
  }

  async #ask(wanted: readonly Wanted[], numbers: Map<string, number>): Promise<void> {
    const entries = wanted.map(({ tenant_key, dimension, day_ms, value }) => ({
      tenant_key,
      dimension,
      day_ms,
      value,
    }));
    const values = [JSON.stringify(entries), this.#valuesMax];
    const rows = await this.#connection.query('SELECT * FROM streamlens_dimension_values($1, $2)', values);
    for (const [item, id] of rows as [number, number | null][]) {
      const entry = wanted[item];
      if (entry === undefined) continue;
      const number = id === null ? OVERFLOW_VALUE : valueOfId(id);
      this.#numbers.set(entry.key, number);
      numbers.set(entry.key, number);
    }
  }
}

/** The texts of the values in one of the dimensions, each once. */
function textsIn({ dimensions, texts, values }: DimensionDelta, dimension: number): readonly string[] {
  const places = new Set<number>();
  for (let at = dimension; at < values.length; at += dimensions.length) places.add(values[at] as number);
  return Array.from(places, (place) => texts[place] as string);
}

function dayOf({ windowStartMs: startMs }: DimensionDelta): number {
  return windowStartMs(startMs, DAY_MS);
}

function keyOf(delta: DimensionDelta, dimension: string, value: string): string {
  return `${delta.series.tenantId}\0${dimension}\0${dayOf(delta)}\0${value}`;
}
