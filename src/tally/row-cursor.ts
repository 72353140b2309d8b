import type { ExactSum } from './exact-sum.ts';
import { LOW_BITS, LOW_UNIT } from './tally-codec.ts';

/** Where a row of numbers begins, see `number-rows.ts`; it is moved from row to row. */
export interface RowCursor {
  page: Float64Array;
  at: number;
}

export const NO_PAGE: Float64Array = new Float64Array(0);

/** Gives a cursor the numbers of its row as properties, in the order of `fields`. */
export function defineNumbers(prototype: object, fields: readonly string[]): void {
  for (const [i, field] of fields.entries()) {
    Object.defineProperty(prototype, field, {
      get(this: RowCursor): number {
        return this.page[this.at + i] as number;
      },
      set(this: RowCursor, value: number): void {
        this.page[this.at + i] = value;
      },
    });
  }
}

/** A sum of money in a row: a multiple of 2^32, and behind it what is left of that, which both stay exact. */
export class RowMoney implements Pick<ExactSum, 'add' | 'subtract'> {
  readonly #cursor: RowCursor;
  readonly #offset: number;

  constructor(cursor: RowCursor, offset: number) {
    this.#cursor = cursor;
    this.#offset = offset;
  }

  add(other: ExactSum): void {
    this.#add(other, 1);
  }

  subtract(other: ExactSum): void {
    this.#add(other, -1);
  }

  #add(other: ExactSum, sign: 1 | -1): void {
    const { smallValue } = other;
    const value = smallValue === null ? other.value : 0n;
    const high = smallValue === null ? Number(value >> 32n) : Math.floor(smallValue / LOW_UNIT);
    const low = smallValue === null ? Number(value & LOW_BITS) : smallValue - high * LOW_UNIT;
    const { page, at } = this.#cursor;
    (page[at + this.#offset] as number) += sign * high;
    (page[at + this.#offset + 1] as number) += sign * low;
  }
}
