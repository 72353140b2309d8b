import { NumberRows } from './number-rows.ts';
import { defineNumbers, NO_PAGE, type RowCursor, RowMoney } from './row-cursor.ts';
import type { RowPages } from './tally-rows.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, type UsageSink } from './usage.ts';

/**
 * Usage of thousands of windows as rows of numbers, as `tally-rows.ts` has their tallies: 184 bytes each. A row has the
 * sums and the sums of money in the order of the lists, then which billed model it is of, by the number that whoever
 * adds gave it, and the next row of its window.
 */
export const USAGE_MONEY_AT = USAGE_SUMS.length;
const BILLED_AT = USAGE_MONEY_AT + 2 * USAGE_EXACT_SUMS.length;
const NEXT_AT = BILLED_AT + 1;
const ROW_LENGTH = NEXT_AT + 1;

export class UsageRows {
  readonly #rows: NumberRows;
  readonly #cursor = new UsageCursor();

  constructor(pages: RowPages) {
    this.#rows = new NumberRows(ROW_LENGTH, pages);
  }

  clear(): void {
    this.#rows.clear();
  }

  /** @param next of the window, or any number that stands for none @returns the row, of nothing */
  add(billed: number, next: number): number {
    const row = this.#rows.add();
    const [page, start] = [this.#rows.pageOf(row), this.#rows.startOf(row)];
    page[start + BILLED_AT] = billed;
    page[start + NEXT_AT] = next;
    return row;
  }

  billedOf(row: number): number {
    return this.#rows.pageOf(row)[this.#rows.startOf(row) + BILLED_AT] as number;
  }

  nextOf(row: number): number {
    return this.#rows.pageOf(row)[this.#rows.startOf(row) + NEXT_AT] as number;
  }

  pageOf(row: number): Float64Array {
    return this.#rows.pageOf(row);
  }

  startOf(row: number): number {
    return this.#rows.startOf(row);
  }

  /** The row as what a call is added to; good until the next one is asked for. */
  at(row: number): UsageSink {
    const cursor = this.#cursor;
    cursor.page = this.#rows.pageOf(row);
    cursor.at = this.#rows.startOf(row);
    return cursor as unknown as UsageSink;
  }
}

/** A row as a `UsageSink`: its numbers are properties, defined below. */
class UsageCursor implements RowCursor {
  page: Float64Array = NO_PAGE;
  at = 0;

  constructor() {
    for (const [i, field] of USAGE_EXACT_SUMS.entries()) {
      Object.assign(this, { [field]: new RowMoney(this, USAGE_MONEY_AT + 2 * i) });
    }
  }
}

defineNumbers(UsageCursor.prototype, USAGE_SUMS);
