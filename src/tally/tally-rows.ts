import { bucketIndex } from './bucket.ts';
import { addCallsTo, addCallTo, addMoneyTo, LATENCY } from './encoded-call.ts';
import { type Histogram, ZERO_BELOW_MS } from './histogram.ts';
import { NumberRows } from './number-rows.ts';
import { defineNumbers, NO_PAGE, type RowCursor, RowMoney } from './row-cursor.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_SUMS, type TallySink } from './tally.ts';
import { CALL_FIELD, CALLS_FIELD, EXACT_FROM, HISTOGRAMS_FROM, NUMBERS } from './tally-codec.ts';
import { type ByteReader, readVarint, unzigzag } from './varint.ts';

/**
 * Small tallies by the thousand, of a call or a few each: rows of numbers on pages, which are filled again and again. A
 * `Tally` is some forty objects of the heap, about 1 kB; a row takes 264 bytes, and 12 for each duration in it.
 *
 * A row has the sums and the maximum in the order of the tally's lists, then each sum of money as a multiple of 2^32
 * and what is left of it, which both stay exact, then where the list of its durations begins.
 */
export const MONEY_AT = NUMBERS.length;
const DURATIONS_AT = MONEY_AT + 2 * TALLY_EXACT_SUMS.length;
export const ROW_LENGTH = DURATIONS_AT + 1;
/** Some 4 MB. */
const PAGES: RowPages = { rowsPerPage: 512, pagesKeptMax: 32 };

export interface RowPages {
  readonly rowsPerPage: number;
  readonly pagesKeptMax: number;
}

/** Of a duration: where the next one of its row is, which bucket it is in, how often. */
const DURATION_LENGTH = 3;
const NO_DURATION = 0;
const DURATIONS_MIN = 1024;
/** 24 MB. */
const DURATIONS_MAX = 2 * 1024 * 1024;
/** A bucket as a code: its index and, in the lowest bits, which of the two histograms it is of. */
const CODES_PER_INDEX = TALLY_HISTOGRAMS.length;
/** The buckets of durations begin at -319. */
const INDEX_OFFSET = 1024;
/** Durations end at bucket 1,002. */
export const CODE_MAX = 4096 * CODES_PER_INDEX;

/** The histogram that a code is of, as its place in the list. */
export const histogramOfCode = (code: number): number => code % CODES_PER_INDEX;
/** The bucket that a code stands for; null for durations below all buckets. */
export function indexOfCode(code: number): number | null {
  return code < CODES_PER_INDEX ? null : Math.floor(code / CODES_PER_INDEX) - INDEX_OFFSET;
}

/** @param index null below all buckets */
export function codeOf(index: number | null, histogram: number): number {
  return index === null ? histogram : (index + INDEX_OFFSET) * CODES_PER_INDEX + histogram;
}

export class TallyRows {
  readonly #rows: NumberRows;
  /** Numbers of any size: a team may have thousands of millions of calls in one bucket. */
  #durations = new Float64Array(DURATION_LENGTH);
  /** The first place stands for none. */
  #durationCount = 1;
  readonly #cursor = new TallyCursor(this);
  /** When they are gathered. */
  #durationsMax = DURATIONS_MAX;

  constructor(pages = PAGES) {
    this.#rows = new NumberRows(ROW_LENGTH, pages);
  }

  get length(): number {
    return this.#rows.length;
  }

  /** Forgets all rows; their pages are filled again. */
  clear(): void {
    this.#rows.clear();
    this.#durationCount = 1;
  }

  /** A row of nothing. */
  add(): number {
    return this.#rows.add();
  }

  /** The row as what a call is added to; good until the next one is asked for. */
  at(row: number): TallySink {
    const cursor = this.#cursor;
    cursor.page = this.pageOf(row);
    cursor.at = this.startOf(row);
    return cursor as unknown as TallySink;
  }

  pageOf(row: number): Float64Array {
    return this.#rows.pageOf(row);
  }

  startOf(row: number): number {
    return this.#rows.startOf(row);
  }

  /** Adds a tally that begins where the reader is. @throws RangeError where the bytes are damaged */
  addEncoded(row: number, reader: ByteReader): void {
    const page = this.pageOf(row);
    const at = this.startOf(row);
    if (this.#durationCount >= this.#durationsMax) this.#gatherDurations();
    addEncodedTo(page, at, reader, (code, count) => this.addDuration(page, at, code, count));
  }

  addDuration(page: Float64Array, at: number, code: number, count: number): void {
    const place = this.#durationCount++ * DURATION_LENGTH;
    if (place === this.#durations.length) {
      const grown = new Float64Array(Math.max(2 * place, DURATIONS_MIN * DURATION_LENGTH));
      grown.set(this.#durations);
      this.#durations = grown;
    }
    this.#durations[place] = page[at + DURATIONS_AT] as number;
    this.#durations[place + 1] = code;
    this.#durations[place + 2] = count;
    page[at + DURATIONS_AT] = place;
  }

  /** Lists that grew by what was added to sums of thousands are made as short as they can be. */
  #gatherDurations(): void {
    const lists = Array.from({ length: this.length }, (_, row) => this.#gathered(row));
    this.#durationCount = 1;
    for (const [row, counts] of lists.entries()) {
      const [page, at] = [this.pageOf(row), this.startOf(row)];
      page[at + DURATIONS_AT] = NO_DURATION;
      for (const [code, count] of counts) this.addDuration(page, at, code, count);
    }
    this.#durationsMax = Math.max(DURATIONS_MAX, 2 * this.#durationCount);
  }

  #gathered(row: number): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    this.forEachDuration(row, (code, count) => counts.set(code, (counts.get(code) ?? 0) + count));
    return counts;
  }

  /** Tells the code and the count of each duration of a row. */
  forEachDuration(row: number, tell: (code: number, count: number) => void): void {
    const durations = this.#durations;
    let place = this.pageOf(row)[this.startOf(row) + DURATIONS_AT] as number;
    for (; place !== NO_DURATION; place = durations[place] as number) {
      tell(durations[place + 1] as number, durations[place + 2] as number);
    }
  }
}

/** @param at where the numbers of the row begin that is added to @param onDuration told of each bucket */
export function addEncodedTo(
  numbers: Float64Array,
  at: number,
  reader: ByteReader,
  onDuration: (code: number, count: number) => void,
): void {
  for (let field = readVarint(reader); field !== 0; field = readVarint(reader)) {
    if (field === CALL_FIELD) onDuration(codeOf(addCallTo(numbers, at, reader), LATENCY), 1);
    else if (field === CALLS_FIELD) addCallsTo(numbers, at, reader);
    else if (field < EXACT_FROM) {
      const value = unzigzag(readVarint(reader));
      const place = at + field - 1;
      if (field <= TALLY_SUMS.length) (numbers[place] as number) += value;
      else numbers[place] = Math.max(numbers[place] as number, value);
    } else if (field < HISTOGRAMS_FROM) {
      const high = unzigzag(readVarint(reader));
      addMoneyTo(numbers, at + MONEY_AT + 2 * (field - EXACT_FROM), high, readVarint(reader));
    } else addHistogramTo(field - HISTOGRAMS_FROM, reader, onDuration);
  }
}

function addHistogramTo(
  histogram: number,
  reader: ByteReader,
  onDuration: (code: number, count: number) => void,
): void {
  const zeroCount = unzigzag(readVarint(reader));
  if (zeroCount !== 0) onDuration(codeOf(null, histogram), zeroCount);
  let index = 0;
  for (let left = readVarint(reader); left > 0; left--) {
    index += unzigzag(readVarint(reader));
    onDuration(codeOf(index, histogram), unzigzag(readVarint(reader)));
  }
}

/** A row as a `TallySink`: its numbers are properties, defined below. */
class TallyCursor implements RowCursor {
  page: Float64Array = NO_PAGE;
  at = 0;
  readonly rows: TallyRows;

  constructor(rows: TallyRows) {
    this.rows = rows;
    for (const [i, field] of TALLY_EXACT_SUMS.entries()) {
      Object.assign(this, { [field]: new RowMoney(this, MONEY_AT + 2 * i) });
    }
    for (const [i, field] of TALLY_HISTOGRAMS.entries()) Object.assign(this, { [field]: new RowDurations(this, i) });
  }
}

defineNumbers(TallyCursor.prototype, NUMBERS);

class RowDurations implements Pick<Histogram, 'record' | 'subtract'> {
  readonly #cursor: TallyCursor;
  readonly #histogram: number;

  constructor(cursor: TallyCursor, histogram: number) {
    this.#cursor = cursor;
    this.#histogram = histogram;
  }

  record(valueMs: number): void {
    this.#add(valueMs < ZERO_BELOW_MS ? null : bucketIndex(valueMs), 1);
  }

  subtract(other: Histogram): void {
    if (other.zeroCount !== 0) this.#add(null, -other.zeroCount);
    other.forEachBucket((index, count) => this.#add(index, -count));
  }

  #add(index: number | null, count: number): void {
    const { rows, page, at } = this.#cursor;
    rows.addDuration(page, at, codeOf(index, this.#histogram), count);
  }
}
