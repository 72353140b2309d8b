import { invariant } from '../../tally/invariant.ts';
import { ValueReader } from './value-reader.ts';
import { type PageTerms, ValueWriter } from './value-writer.ts';

/** A power of two: where a value lies is the number of its page times this, and where it begins there. */
const PAGE_UNITS = 64 * 1024;
/** Values begin at multiples of this: so an integer of 31 bits tells a place among 8 GB. */
const UNIT_BYTES = 4;
/** A block this large is mapped by itself and given back once it is free. Malloc notes something beside it. */
const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES - 32;

const PAGES_MAX = 2 ** 31 / PAGE_UNITS;

interface Page {
  readonly bytes: Buffer;
  readonly terms: PageTerms;
  /** Values in it that are kept. */
  kept: number;
}

/**
 * Values in pages of bytes, outside of what the garbage collector walks through. A page goes when nothing in it is kept
 * any more; what is put in at the same time should be let go of at about the same time.
 */
export class ValuePages {
  readonly #pages: (Page | undefined)[] = [];
  readonly #free: number[] = [];
  #writer = new ValueWriter();
  /** The page that is written to; -1 for none. */
  #current = -1;
  #used = 0;

  /** @returns where it lies, a number of 31 bits */
  put(value: unknown): number {
    let bytes = this.#writer.write(value);
    const isFull = this.#current >= 0 && this.#used + bytes.length > PAGE_BYTES;
    if (isFull) {
      this.#writer = new ValueWriter();
      bytes = this.#writer.write(value);
      this.#leavePage();
    }
    if (this.#current < 0) this.#beginPage(Math.max(PAGE_BYTES, bytes.length));
    const page = this.#pages[this.#current] as Page;
    page.bytes.set(bytes, this.#used);
    page.kept++;
    const place = this.#current * PAGE_UNITS + this.#used / UNIT_BYTES;
    this.#used = Math.ceil((this.#used + bytes.length) / UNIT_BYTES) * UNIT_BYTES;
    return place;
  }

  get(place: number): unknown {
    return this.#readerAt(place).read();
  }

  /** Of a list that begins with a number: that. The rest of it is not read. */
  firstNumberAt(place: number): number {
    return this.#readerAt(place).readFirst() as number;
  }

  #readerAt(place: number): ValueReader {
    const number = Math.floor(place / PAGE_UNITS);
    const { bytes, terms } = this.#pages[number] as Page;
    return new ValueReader(bytes, (place - number * PAGE_UNITS) * UNIT_BYTES, terms);
  }

  free(place: number): void {
    const number = Math.floor(place / PAGE_UNITS);
    const page = this.#pages[number] as Page;
    page.kept--;
    if (page.kept === 0 && number !== this.#current) this.#dropPage(number);
  }

  #beginPage(byteCount: number): void {
    this.#current = this.#free.pop() ?? this.#pages.length;
    invariant(this.#current < PAGES_MAX, 'what is kept has room among 8 GB');
    this.#pages[this.#current] = { bytes: Buffer.allocUnsafeSlow(byteCount), terms: this.#writer.terms, kept: 0 };
    this.#used = 0;
  }

  #leavePage(): void {
    const left = this.#current;
    this.#current = -1;
    if (this.#pages[left]?.kept === 0) this.#dropPage(left);
  }

  #dropPage(number: number): void {
    this.#pages[number] = undefined;
    this.#free.push(number);
  }
}
