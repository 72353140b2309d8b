import { ValueReader } from './value-reader.ts';
import { type PageTerms, ValueWriter } from './value-writer.ts';

/** A power of two: where a value lies is the number of its page times this, and where it begins there. */
const PAGE_BYTES = 128 * 1024;

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

  /** @returns where it lies */
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
    const place = this.#current * PAGE_BYTES + this.#used;
    this.#used += bytes.length;
    return place;
  }

  get(place: number): unknown {
    const number = Math.floor(place / PAGE_BYTES);
    const { bytes, terms } = this.#pages[number] as Page;
    return new ValueReader(bytes, place - number * PAGE_BYTES, terms).read();
  }

  free(place: number): void {
    const number = Math.floor(place / PAGE_BYTES);
    const page = this.#pages[number] as Page;
    page.kept--;
    if (page.kept === 0 && number !== this.#current) this.#dropPage(number);
  }

  #beginPage(byteCount: number): void {
    this.#current = this.#free.pop() ?? this.#pages.length;
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
