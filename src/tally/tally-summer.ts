import {
  callsIn,
  isLatencyLongest,
  LATENCY,
  MONEY_BESIDE,
  NUMBERS_BESIDE,
  writeCall,
  writeCalls,
} from './encoded-call.ts';
import type { EncodedTally } from './encoded-tally.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_SUMS } from './tally.ts';
import { EXACT_FROM, HISTOGRAMS_FROM, held, LOW_UNIT, NUMBERS } from './tally-codec.ts';
import {
  addEncodedTo,
  CODE_MAX,
  histogramOfCode,
  indexOfCode,
  MONEY_AT,
  ROW_LENGTH,
  type TallyRows,
} from './tally-rows.ts';
import { type ByteReader, writeVarint, zigzag } from './varint.ts';

const CHUNK_BYTES = 64 * 1024;
/** A number and its field are nine bytes at most. */
const NUMBERS_BYTES_MAX = 9 * ROW_LENGTH + 16 * TALLY_HISTOGRAMS.length;
const BUCKET_BYTES_MAX = 16;
const FEW = 24;

/** What is written of a tally: the places of its numbers, its sums of money and its histograms. */
interface Fields {
  readonly numbers: readonly number[];
  readonly money: readonly number[];
  readonly histograms: readonly number[];
}

const ALL: Fields = {
  numbers: [...NUMBERS.keys()],
  money: [...TALLY_EXACT_SUMS.keys()],
  histograms: [...TALLY_HISTOGRAMS.keys()],
};
const BESIDE_CALLS: Fields = { ...ALL, numbers: NUMBERS_BESIDE, money: MONEY_BESIDE };
const BESIDE_CALL: Fields = {
  ...BESIDE_CALLS,
  histograms: ALL.histograms.filter((histogram) => histogram !== LATENCY),
};

/**
 * Adds up rows of numbers and encoded tallies, and writes the sum as `tally-codec.ts` has it: what a `Tally` does too,
 * without an object for each sum, in a third of the time.
 */
export class TallySummer {
  /** What was written stays as long as whoever has a part of it; the next chunk is another one. */
  #chunk = new Uint8Array(0);
  #at = 0;
  /** In the order of a row. */
  readonly #sum = new Float64Array(ROW_LENGTH);
  /** How often each code of a duration is there, and which were seen. */
  readonly #counts = new Float64Array(CODE_MAX);
  readonly #isSeen = new Uint8Array(CODE_MAX);
  readonly #seen = new Int32Array(CODE_MAX);
  #seenCount = 0;
  /** One for all that is encoded: as an object each they are a tenth of the garbage of a commit. */
  readonly #encoded = { bytes: this.#chunk, start: 0, end: 0 };

  /** A row by itself. It must be begun with. @returns good until the next is encoded, but for its bytes */
  encodeRow(rows: TallyRows, row: number): EncodedTally | null {
    rows.forEachDuration(row, this.#count);
    return this.#encode(rows.pageOf(row), rows.startOf(row));
  }

  addRow(rows: TallyRows, row: number): void {
    const sum = this.#sum;
    const page = rows.pageOf(row);
    const start = rows.startOf(row);
    for (let i = 0; i < MONEY_AT; i++) {
      if (i < TALLY_SUMS.length) (sum[i] as number) += page[start + i] as number;
      else sum[i] = Math.max(sum[i] as number, page[start + i] as number);
    }
    for (let i = MONEY_AT; i < ROW_LENGTH; i++) (sum[i] as number) += page[start + i] as number;
    rows.forEachDuration(row, this.#count);
  }

  /** @throws RangeError where the bytes are damaged */
  addEncoded(reader: ByteReader): void {
    addEncodedTo(this.#sum, 0, reader, this.#count);
  }

  /**
   * What was added since the last time; null where it is nothing. What the form cannot hold is held at its end.
   *
   * @returns good until the next is encoded, but for its bytes
   */
  take(): EncodedTally | null {
    const encoded = this.#encode(this.#sum, 0);
    this.#sum.fill(0);
    return encoded;
  }

  /** What was encoded last was copied: the next may be written in its place, which is much garbage less. */
  wasCopied({ start }: EncodedTally): void {
    this.#at = start;
  }

  readonly #count = (code: number, count: number): void => {
    const known = this.#counts[code];
    if (known === undefined) throw new RangeError('What is stored has a duration that none can have');
    if (this.#isSeen[code] === 0) {
      this.#isSeen[code] = 1;
      this.#seen[this.#seenCount++] = code;
    }
    this.#counts[code] = known + count;
  };

  #encode(page: Float64Array, pageStart: number): EncodedTally | null {
    const codeCount = this.#seenCount;
    this.#sortCodes();
    this.#makeRoom(NUMBERS_BYTES_MAX + BUCKET_BYTES_MAX * codeCount);
    const start = this.#at;
    const isSomething = this.#writeCalls(page, pageStart);
    this.#forgetCodes();
    if (!isSomething) {
      this.#at = start;
      return null;
    }
    this.#chunk[this.#at++] = 0;
    const encoded = this.#encoded;
    encoded.bytes = this.#chunk;
    encoded.start = start;
    encoded.end = this.#at;
    return encoded;
  }

  /** By the field of calls, where it says them. False where there is nothing. */
  #writeCalls(numbers: Float64Array, at: number): boolean {
    const count = callsIn(numbers, at);
    if (count === 0) return this.#writeFields(numbers, at, ALL);
    const bucket = count === 1 && isLatencyLongest(numbers, at) ? this.#onlyLatency() : null;
    if (bucket === null) this.#at = writeCalls(this.#chunk, this.#at, numbers, at);
    else this.#at = writeVarint(this.#chunk, writeCall(this.#chunk, this.#at, numbers, at), zigzag(bucket));
    this.#writeFields(numbers, at, bucket === null ? BESIDE_CALLS : BESIDE_CALL);
    return true;
  }

  /** The bucket of the one latency; null where there is none, or are more. */
  #onlyLatency(): number | null {
    let found: number | null = null;
    for (let i = 0; i < this.#seenCount; i++) {
      const code = this.#seen[i] as number;
      const count = this.#counts[code];
      if (histogramOfCode(code) !== LATENCY || count === 0) continue;
      if (found !== null || count !== 1) return null;
      found = indexOfCode(code);
      if (found === null) return null;
    }
    return found;
  }

  /** Ascending. Few are in order sooner than they are handed to native code, or than a view of them is made. */
  #sortCodes(): void {
    const seen = this.#seen;
    if (this.#seenCount > FEW) seen.subarray(0, this.#seenCount).sort();
    else for (let i = 1; i < this.#seenCount; i++) sink(seen, i);
  }

  #forgetCodes(): void {
    for (let i = 0; i < this.#seenCount; i++) {
      const code = this.#seen[i] as number;
      this.#counts[code] = this.#isSeen[code] = 0;
    }
    this.#seenCount = 0;
  }

  /** False where there is nothing but a maximum, which cannot be taken back. */
  #writeFields(page: Float64Array, start: number, { numbers, money, histograms }: Fields): boolean {
    const isNumber = this.#writeNumbers(page, start, numbers);
    const isMoney = this.#writeMoney(page, start, money);
    let isSomething = isNumber || isMoney;
    for (let i = 0; i < histograms.length; i++) {
      isSomething = this.#writeHistogram(histograms[i] as number, this.#seenCount) || isSomething;
    }
    return isSomething;
  }

  #writeNumbers(page: Float64Array, start: number, places: readonly number[]): boolean {
    const bytes = this.#chunk;
    let at = this.#at;
    let isSum = false;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      const value = page[start + place] as number;
      if (value === 0) continue;
      if (place < TALLY_SUMS.length) isSum = true;
      bytes[at++] = place + 1;
      at = writeVarint(bytes, at, zigzag(held(value)));
    }
    this.#at = at;
    return isSum;
  }

  #writeMoney(page: Float64Array, start: number, places: readonly number[]): boolean {
    const bytes = this.#chunk;
    const from = this.#at;
    let at = from;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      const low = page[start + MONEY_AT + 2 * place + 1] as number;
      const carried = Math.floor(low / LOW_UNIT);
      const high = (page[start + MONEY_AT + 2 * place] as number) + carried;
      const rest = low - carried * LOW_UNIT;
      if (high === 0 && rest === 0) continue;
      bytes[at++] = EXACT_FROM + place;
      at = writeVarint(bytes, at, zigzag(held(high)));
      at = writeVarint(bytes, at, rest);
    }
    this.#at = at;
    return at > from;
  }

  /** False where it is empty. */
  #writeHistogram(histogram: number, codeCount: number): boolean {
    const counts = this.#counts;
    let zeroCount = 0;
    let bucketCount = 0;
    for (let i = 0; i < codeCount; i++) {
      const code = this.#seen[i] as number;
      if (histogramOfCode(code) !== histogram || counts[code] === 0) continue;
      if (indexOfCode(code) === null) zeroCount = counts[code] as number;
      else bucketCount++;
    }
    if (zeroCount === 0 && bucketCount === 0) return false;
    const bytes = this.#chunk;
    let at = this.#at;
    bytes[at++] = HISTOGRAMS_FROM + histogram;
    at = writeVarint(bytes, at, zigzag(zeroCount));
    this.#at = writeVarint(bytes, at, bucketCount);
    this.#writeBuckets(histogram, codeCount);
    return true;
  }

  #writeBuckets(histogram: number, codeCount: number): void {
    const bytes = this.#chunk;
    let at = this.#at;
    let previous = 0;
    for (let i = 0; i < codeCount; i++) {
      const code = this.#seen[i] as number;
      const count = this.#counts[code] as number;
      const index = indexOfCode(code);
      if (index === null || histogramOfCode(code) !== histogram || count === 0) continue;
      at = writeVarint(bytes, at, zigzag(index - previous));
      at = writeVarint(bytes, at, zigzag(count));
      previous = index;
    }
    this.#at = at;
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return;
    this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, bytes));
    this.#at = 0;
  }
}

/** Moves a number before all larger ones, of which those before it are in order. */
function sink(numbers: Int32Array, from: number): void {
  const moved = numbers[from] as number;
  let at = from;
  for (; at > 0 && (numbers[at - 1] as number) > moved; at--) numbers[at] = numbers[at - 1] as number;
  numbers[at] = moved;
}
