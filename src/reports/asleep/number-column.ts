/** A power of two. */
const NUMBERS_PER_PAGE = 4096;
const PAGE_SHIFT = 12;
const IN_PAGE = NUMBERS_PER_PAGE - 1;

/**
 * A value of 32 bits for each number from 0 on, in pages: one array would be copied where it grows, and take up to half
 * as much again for numbers that nobody has.
 */
export class NumberColumn {
  readonly #pages: Int32Array[] = [];
  readonly #otherwise: number;

  /** @param otherwise the value of numbers that none was set for */
  constructor(otherwise: number) {
    this.#otherwise = otherwise;
  }

  /** Numbers from here on have no value. */
  get length(): number {
    return this.#pages.length * NUMBERS_PER_PAGE;
  }

  at(number: number): number {
    return this.#pages[number >> PAGE_SHIFT]?.[number & IN_PAGE] ?? this.#otherwise;
  }

  set(number: number, value: number): void {
    const index = number >> PAGE_SHIFT;
    while (index >= this.#pages.length) this.#pages.push(new Int32Array(NUMBERS_PER_PAGE).fill(this.#otherwise));
    (this.#pages[index] as Int32Array)[number & IN_PAGE] = value;
  }
}
