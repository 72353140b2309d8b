/** In place of a record's number: there is no such record. */
export const NONE = -1;

/** A power of two, so that finding a record takes two shifts; a page of the largest records is 64 KiB. */
export const RECORDS_PER_PAGE = 1024;
const PAGE_SHIFT = 10;
const IN_PAGE = RECORDS_PER_PAGE - 1;

/** An instant takes six bytes: this lower part of it in one integer, and 16 bits above it in half of another. */
const LOW_PART = 2 ** 32;

/** Ms since the epoch that an instant can stand for, up to the year 10,889; others are held at the bounds. */
const INSTANT_MAX_MS = 2 ** 48 - 2;

/** Where the parts of an instant lie. */
export interface InstantColumn {
  readonly low: number;
  readonly high: number;
  /** The half of `high`: 0 or 16. */
  readonly shift: 0 | 16;
}

/**
 * Records of integers, doubles and instants, numbered from 0, in pages of typed arrays.
 *
 * All of a record lies side by side, since a call is looked up at random and each column of its own would be another
 * miss of the processor's cache. Pages, because one array that doubles holds up to three times what is used while it
 * grows, and half of it is never used after.
 */
export class RecordPages {
  readonly #intsPerRecord: number;
  readonly #ints: Int32Array[] = [];
  /** The same memory. Column 1 of the doubles is columns 2 and 3 of the integers. */
  readonly #doubles: Float64Array[] = [];

  /** @param intsPerRecord even; a double takes the place of two */
  constructor(intsPerRecord: number) {
    this.#intsPerRecord = intsPerRecord;
  }

  get capacity(): number {
    return this.#ints.length * RECORDS_PER_PAGE;
  }

  addPage(): void {
    const ints = new Int32Array(RECORDS_PER_PAGE * this.#intsPerRecord);
    this.#ints.push(ints);
    this.#doubles.push(new Float64Array(ints.buffer));
  }

  int(record: number, column: number): number {
    const page = this.#ints[record >> PAGE_SHIFT] as Int32Array;
    return page[(record & IN_PAGE) * this.#intsPerRecord + column] as number;
  }

  setInt(record: number, column: number, value: number): void {
    const page = this.#ints[record >> PAGE_SHIFT] as Int32Array;
    page[(record & IN_PAGE) * this.#intsPerRecord + column] = value;
  }

  double(record: number, column: number): number {
    const page = this.#doubles[record >> PAGE_SHIFT] as Float64Array;
    return page[(record & IN_PAGE) * (this.#intsPerRecord >> 1) + column] as number;
  }

  setDouble(record: number, column: number, value: number): void {
    const page = this.#doubles[record >> PAGE_SHIFT] as Float64Array;
    page[(record & IN_PAGE) * (this.#intsPerRecord >> 1) + column] = value;
  }

  /** In ms since the epoch; -Infinity where `setInstantMs` was told so, or nothing. */
  instantMs(record: number, { low, high, shift }: InstantColumn): number {
    const page = this.#ints[record >> PAGE_SHIFT] as Int32Array;
    const at = (record & IN_PAGE) * this.#intsPerRecord;
    const stored = ((page[at + low] as number) >>> 0) + (((page[at + high] as number) >>> shift) & 0xffff) * LOW_PART;
    return stored === 0 ? Number.NEGATIVE_INFINITY : stored - 1;
  }

  setInstantMs(record: number, { low, high, shift }: InstantColumn, ms: number): void {
    const page = this.#ints[record >> PAGE_SHIFT] as Int32Array;
    const at = (record & IN_PAGE) * this.#intsPerRecord;
    const stored = ms === Number.NEGATIVE_INFINITY ? 0 : Math.min(Math.max(ms, 0), INSTANT_MAX_MS) + 1;
    page[at + low] = stored;
    const otherHalf = (page[at + high] as number) & (0xffff << (16 - shift));
    page[at + high] = otherHalf | (Math.floor(stored / LOW_PART) << shift);
  }
}
