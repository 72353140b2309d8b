import { NONE as NO_VALUE, OVERFLOW } from '../../../tally/series.ts';
import { RecordBuckets } from '../join/record-buckets.ts';
import { NONE, RecordPages } from '../join/record-pages.ts';

/** Of a text: its hash, the next one in its bucket or among the free numbers, who holds it, how long it is. */
const INTS_PER_TEXT = 4;
const HASH = 0;
const NEXT = 1;
const HOLDERS = 2;
const CHARACTERS = 3;

/** Days may have tens of thousands of users. */
const TEXTS_MIN = 65_536;
const BUCKETS_MIN = 1024;

/** The number of the value of calls that have none, and of one that is no name. */
export const NO_VALUE_NUMBER = 0;
export const OVERFLOW_NUMBER = 1;

/**
 * The texts by which calls are summed, as numbers: a call that waits, and what it adds, are numbers then, which no
 * garbage collection visits. As an object with texts it was copied twice by then, which took a fifth of what dimensions
 * cost.
 *
 * Who keeps a number beyond the record that is folded must hold it. Others are forgotten when there are many, at
 * `makeRoom`; until then a text that comes again is found without being made.
 */
export class ValueTexts {
  readonly #texts: (string | null)[] = [];
  readonly #about = new RecordPages(INTS_PER_TEXT);
  readonly #buckets = new RecordBuckets(this.#about, { hash: HASH, next: NEXT }, BUCKETS_MIN);
  #free = NONE;
  #size = 0;
  /** How many there may be before some are forgotten. */
  #sizeMax: number;
  readonly #sizeMin: number;

  /** @param sizeMin so many are remembered, whoever holds them */
  constructor(sizeMin = TEXTS_MIN) {
    this.#sizeMin = this.#sizeMax = sizeMin;
    for (const text of [NO_VALUE, OVERFLOW]) this.hold(this.of(text));
  }

  get size(): number {
    return this.#size;
  }

  /** All numbers are below it. */
  get numbersEnd(): number {
    return this.#texts.length;
  }

  textOf(number: number): string {
    return this.#texts[number] as string;
  }

  charactersOf(number: number): number {
    return this.#about.int(number, CHARACTERS);
  }

  hold(number: number): void {
    this.#about.setInt(number, HOLDERS, this.#about.int(number, HOLDERS) + 1);
  }

  release(number: number): void {
    this.#about.setInt(number, HOLDERS, this.#about.int(number, HOLDERS) - 1);
  }

  /** Of bytes that are ASCII without escapes. */
  ofBytes(bytes: Uint8Array, start: number, end: number): number {
    let hash = HASH_START;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), HASH_FACTOR);
    hash = spread(hash);
    for (let number = this.#buckets.first(hash); number !== NONE; number = this.#buckets.after(number)) {
      if (this.#about.int(number, HASH) === hash && this.#isSpelt(number, bytes, start, end)) return number;
    }
    return this.#add(hash, Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'));
  }

  of(text: string): number {
    let hash = HASH_START;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), HASH_FACTOR);
    hash = spread(hash);
    for (let number = this.#buckets.first(hash); number !== NONE; number = this.#buckets.after(number)) {
      if (this.#about.int(number, HASH) === hash && this.#texts[number] === text) return number;
    }
    return this.#add(hash, text);
  }

  /** Forgets what nobody holds, where there are many. */
  makeRoom(): void {
    if (this.#size < this.#sizeMax) return;
    this.#buckets.clear();
    for (let number = 0; number < this.#texts.length; number++) {
      if (this.#texts[number] === null) continue;
      if (this.#about.int(number, HOLDERS) > 0) this.#buckets.link(number);
      else this.#forget(number);
    }
    this.#sizeMax = Math.max(this.#sizeMin, 2 * this.#size);
  }

  #isSpelt(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const text = this.#texts[number] as string;
    if (text.length !== end - start) return false;
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
    return true;
  }

  #add(hash: number, text: string): number {
    if (this.#size === this.#buckets.bucketCount) this.#double();
    const number = this.#freeNumber();
    const about = this.#about;
    this.#texts[number] = text;
    about.setInt(number, HASH, hash);
    about.setInt(number, HOLDERS, 0);
    about.setInt(number, CHARACTERS, text.length);
    this.#buckets.link(number);
    this.#size++;
    return number;
  }

  #freeNumber(): number {
    if (this.#free === NONE) {
      if (this.#texts.length === this.#about.capacity) this.#about.addPage();
      return this.#texts.length;
    }
    const number = this.#free;
    this.#free = this.#about.int(number, NEXT);
    return number;
  }

  #forget(number: number): void {
    this.#texts[number] = null;
    this.#about.setInt(number, NEXT, this.#free);
    this.#free = number;
    this.#size--;
  }

  #double(): void {
    this.#buckets.double();
    for (let number = 0; number < this.#texts.length; number++) {
      if (this.#texts[number] !== null) this.#buckets.link(number);
    }
  }
}

/** FNV-1a. */
const HASH_START = 0x811c9dc5 | 0;
const HASH_FACTOR = 0x01000193;

/** Its last bits tell then, too. */
const spread = (hash: number): number => hash ^ (hash >>> 15);
