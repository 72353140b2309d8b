import type { EncodedTally } from '../tally/encoded-tally.ts';
import { NONE, OVERFLOW, REPRICED } from '../tally/series.ts';
import { addTally, TALLY_EXACT_SUMS, TALLY_MAXIMA, TALLY_SUMS, Tally } from '../tally/tally.ts';
import { addEncodedTally, CALL_FIELD, CALLS_FIELD, encodeTally, held } from '../tally/tally-codec.ts';
import { TallySummer } from '../tally/tally-summer.ts';
import { type ByteReader, readVarint, unzigzag, writeVarint } from '../tally/varint.ts';

/**
 * What was added to one window of a dimension, as bytes: entries one after the other,
 *
 *     (value series length tally)*
 *
 * A commit appends a piece with what it adds. That is a write of some sixty bytes a value, where a row of its own would
 * be read, decoded, added to and written again; the window is the sum of its pieces. When they have become as many
 * bytes as what was merged before, or twice as many, they are merged into one: so each entry is written again a few
 * times at most, and a window is read from at most two or three times the bytes that it needs.
 */
export interface PieceEntry {
  readonly value: number;
  readonly seriesId: number;
  readonly tally: Tally;
}

/** The numbers of values that are there for every dimension; those of a dictionary, which begin with 1, come after. */
export const RESERVED_VALUES = [NONE, OVERFLOW, REPRICED] as const;
export const OVERFLOW_VALUE = 1;
export const REPRICED_VALUE = 2;

export function valueOfId(valueId: number): number {
  return valueId + REPRICED_VALUE;
}

/** Null for a reserved one. */
export function idOfValue(value: number): number | null {
  return value > REPRICED_VALUE ? value - REPRICED_VALUE : null;
}

/** The number of a reserved value; null for any other. */
export function reservedValue(text: string): number | null {
  const found = RESERVED_VALUES.indexOf(text as (typeof RESERVED_VALUES)[number]);
  return found === -1 ? null : found;
}

/** The order of entries in a piece. */
export function compareEntries(a: EntryPlace, b: EntryPlace): number {
  return a.value - b.value || a.seriesId - b.seriesId;
}

type EntryPlace = Pick<PieceEntry, 'value' | 'seriesId'>;

export function encodePiece(entries: Iterable<PieceEntry>): Uint8Array {
  const writer = new PieceWriter();
  writer.begin();
  for (const { value, seriesId, tally } of entries) writer.push(value, seriesId, encodedTally(tally));
  return writer.finish();
}

/** A tally as bytes of its own. */
export function encodedTally(tally: Tally): EncodedTally {
  const bytes = Uint8Array.from(encodeTally(tally) ?? (encodeTally(bounded(tally)) as number[]));
  return { bytes, start: 0, end: bytes.length };
}

/** Stands for no value and no series. */
const NOTHING = -1;
const NO_BYTES: Uint8Array = new Uint8Array(0);
/** Room for the three numbers before a tally. */
const HEAD_BYTES_MAX = 24;

const BYTES_MIN = 16 * 1024;
/** As much stays for the next piece; more is handed over, not copied. */
const BYTES_KEPT_MAX = 2 * 1024 * 1024;

/**
 * Writes entries that come in order; an array that grows, as pushing byte by byte took a third of a commit's time. One
 * writes piece after piece: what is made anew for each is outside of V8's heap, but makes it collect all of that.
 */
export class PieceWriter {
  #bytes = NO_BYTES;
  #length = 0;
  #isBegun = false;
  #summer: TallySummer | null = null;
  /** What was added last is not written before it is known whether more of its value and series comes. */
  #value = NOTHING;
  #seriesId = NOTHING;
  #count = 0;
  readonly #first = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #reader: ByteReader & { bytes: Uint8Array } = { bytes: NO_BYTES, at: 0 };

  /**
   * Adds up what is of one value and series; nothing is written where all was taken back.
   *
   * @param tally which may say another the next time; its bytes stay
   */
  add(value: number, seriesId: number, tally: EncodedTally): void {
    if (value !== this.#value || seriesId !== this.#seriesId) {
      this.#flush();
      this.#value = value;
      this.#seriesId = seriesId;
      // Copied, as one object that says another tally each time is less garbage.
      this.#first.bytes = tally.bytes;
      this.#first.start = tally.start;
      this.#first.end = tally.end;
    } else {
      if (this.#count === 1) this.#sum(this.#first);
      this.#sum(tally);
    }
    this.#count++;
  }

  #sum({ bytes, start }: EncodedTally): void {
    this.#summer ??= new TallySummer();
    this.#reader.bytes = bytes;
    this.#reader.at = start;
    this.#summer.addEncoded(this.#reader);
  }

  #flush(): void {
    if (this.#count > 1) this.#pushSum();
    else if (this.#count === 1 && this.#first.end - this.#first.start > EMPTY_BYTES) {
      this.push(this.#value, this.#seriesId, this.#first);
    }
    this.#count = 0;
  }

  #pushSum(): void {
    const sum = this.#summer?.take() ?? null;
    if (sum === null) return;
    this.push(this.#value, this.#seriesId, sum);
    this.#summer?.wasCopied(sum);
  }

  push(value: number, seriesId: number, { bytes, start, end }: EncodedTally): void {
    const length = end - start;
    this.#makeRoom(HEAD_BYTES_MAX + length);
    const into = this.#bytes;
    let at = writeVarint(into, this.#length, value);
    at = writeVarint(into, at, seriesId);
    at = writeVarint(into, at, length);
    // They are some fifty: `set` takes longer.
    for (let i = start; i < end; i++) into[at++] = bytes[i] as number;
    this.#length = at;
  }

  /** Whatever became of the piece before. @param bytes about how many it will be */
  begin(bytes = 0): void {
    // An error ended it, maybe within a sum.
    if (this.#isBegun) this.#summer = null;
    this.#isBegun = true;
    this.#length = this.#count = 0;
    this.#value = this.#seriesId = NOTHING;
    this.#makeRoom(bytes);
  }

  finish(): Uint8Array {
    this.#flush();
    this.#isBegun = false;
    this.#first.bytes = this.#reader.bytes = NO_BYTES;
    if (this.#bytes.length <= BYTES_KEPT_MAX) return this.#bytes.slice(0, this.#length);
    const piece = this.#bytes.subarray(0, this.#length);
    this.#bytes = NO_BYTES;
    return piece;
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(BYTES_MIN, 2 * this.#length, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** An entry of a piece, good until the next one is asked for. */
export class EntryReader implements ByteReader, EncodedTally {
  readonly bytes: Uint8Array;
  at = 0;
  value = 0;
  seriesId = 0;
  #end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Goes on to the next entry, whatever was read of this one. False at the end. */
  next(): boolean {
    this.at = this.#end;
    if (this.at >= this.bytes.length) return false;
    this.value = readVarint(this);
    this.seriesId = readVarint(this);
    const length = readVarint(this);
    this.#end = this.at + length;
    return true;
  }

  /** At most once an entry. */
  addTo(into: Tally): void {
    addEncodedTally(into, this);
  }

  /** How many requests are in it: the first field of a tally says so, where there are any. */
  requests(): number {
    const field = this.bytes[this.at];
    if (field === CALL_FIELD) return 1;
    if (field !== CALLS_FIELD && field !== REQUESTS_FIELD) return 0;
    this.at++;
    const count = readVarint(this);
    return field === CALLS_FIELD ? count : unzigzag(count);
  }

  /** Where its tally begins, as long as nothing was read of it. */
  get start(): number {
    return this.at;
  }

  /** Where it ends, likewise. */
  get end(): number {
    return this.#end;
  }
}

/** One piece that says the same as several, in the order of values and series. */
export function mergePieces(pieces: readonly Uint8Array[], writer = new PieceWriter()): Uint8Array {
  const readers = new EarliestFirst();
  for (const piece of pieces) addRuns(readers, piece);
  writer.begin(pieces.reduce((sum, { length }) => sum + length, 0));
  readers.moveAll(writer);
  return writer.finish();
}

/** As `mergePieces`; one alone is left as it is. */
export function onePiece(pieces: readonly Uint8Array[], writer: PieceWriter): Uint8Array {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : mergePieces(pieces, writer);
}

/** Adds the parts of a piece that are in order: a commit writes its entries so, but appends them to those of others. */
function addRuns(readers: EarliestFirst, piece: Uint8Array): void {
  const starts = startsOfRuns(piece);
  for (const [i, start] of starts.entries()) readers.add(new EntryReader(piece.subarray(start, starts[i + 1])));
}

/** A loop by itself: V8 compiles anew what it leaves for code that was not run yet, at each merge. */
function startsOfRuns(piece: Uint8Array): readonly number[] {
  const reader = new EntryReader(piece);
  const starts: number[] = [];
  let value = Number.POSITIVE_INFINITY;
  let seriesId = 0;
  for (let start = 0; reader.next(); start = reader.end) {
    if (reader.value < value || (reader.value === value && reader.seriesId < seriesId)) starts.push(start);
    value = reader.value;
    seriesId = reader.seriesId;
  }
  return starts;
}

/** Readers of entries in order, of which the one that is at the earliest entry comes first: a binary heap. */
class EarliestFirst {
  readonly #heap: EntryReader[] = [];

  add(reader: EntryReader): void {
    if (!reader.next()) return;
    const heap = this.#heap;
    let at = heap.length;
    heap.push(reader);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(reader, heap[parent] as EntryReader)) break;
      heap[at] = heap[parent] as EntryReader;
      at = parent;
    }
    heap[at] = reader;
  }

  /** Writes what all readers have, in order. */
  moveAll(writer: PieceWriter): void {
    for (let next = this.#heap[0]; next !== undefined; next = this.#heap[0]) {
      writer.add(next.value, next.seriesId, next);
      this.#advance();
    }
  }

  /** Goes on with the earliest. */
  #advance(): void {
    const heap = this.#heap;
    const [first] = heap;
    if (first?.next() === false) {
      const last = heap.pop() as EntryReader;
      if (heap.length > 0) this.#sink(last);
    } else if (first !== undefined) this.#sink(first);
  }

  #sink(reader: EntryReader): void {
    const heap = this.#heap;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1] as EntryReader, heap[child] as EntryReader)) child++;
      if (!isBefore(heap[child] as EntryReader, reader)) break;
      heap[at] = heap[child] as EntryReader;
      at = child;
    }
    heap[at] = reader;
  }
}

function isBefore(a: EntryReader, b: EntryReader): boolean {
  return compareEntries(a, b) < 0;
}

/** A tally of nothing is its end alone. */
const EMPTY_BYTES = 1;
const REQUESTS_FIELD = 1 + TALLY_SUMS.indexOf('requests');

/** A window's newest piece is appended to up to this size: so small commits make few pieces. */
const PIECE_BYTES_MAX = 8 * 1024;
/** So much is read in a millisecond or two: less need not be merged. */
const UNMERGED_BYTES_MIN = 128 * 1024;

export function isRoomIn(pieceBytes: number, moreBytes: number): boolean {
  return pieceBytes + moreBytes <= PIECE_BYTES_MAX;
}

/** So many times what was merged before may wait in a window that is merged when the next one begins. */
export const UNENDED_SHARE = 2;
/** Of a window that has ended; less is not worth the write. */
const ENDED_BYTES_MIN = 16 * 1024;
const ENDED_SHARE = 1 / 8;

/**
 * Whether the pieces of a window are to be merged: those behind the first one, which was merged before or is small.
 *
 * @param share of the first that may wait
 */
export function areToBeMerged(firstBytes: number, otherBytes: number, share = 1): boolean {
  return otherBytes >= Math.max(share * firstBytes, UNMERGED_BYTES_MIN);
}

/** Whether they are where hardly more will come, and the window is read for as long as it is kept. */
export function areToBeMergedAtEnd(firstBytes: number, otherBytes: number): boolean {
  return otherBytes >= Math.max(ENDED_SHARE * firstBytes, ENDED_BYTES_MIN);
}

/** A sum that passes what the form can hold, which no sum of calls does, is held at its end rather than refused. */
function bounded(tally: Tally): Tally {
  const copy = new Tally();
  addTally(copy, tally);
  for (const field of TALLY_SUMS) copy[field] = held(copy[field]);
  for (const field of TALLY_MAXIMA) copy[field] = held(copy[field]);
  for (const field of TALLY_EXACT_SUMS) {
    const { value } = copy[field];
    if (value > MONEY_MAX) copy[field].addBig(MONEY_MAX - value);
    else if (value < -MONEY_MAX) copy[field].addBig(-MONEY_MAX - value);
  }
  return copy;
}

const MONEY_MAX = 2n ** 83n;
