import { grownInts, NONE } from './id-table.ts';

/** A list of small integers (slots of waiting halves) in order of arrival, with removal anywhere in constant time. */
export class ArrivalList {
  first = NONE;
  length = 0;
  #last = NONE;
  #next = new Int32Array(256);
  #previous = new Int32Array(256);

  push(slot: number): void {
    if (slot >= this.#next.length) {
      const length = Math.max(this.#next.length * 2, slot + 1);
      this.#next = grownInts(this.#next, length);
      this.#previous = grownInts(this.#previous, length);
    }
    this.#next[slot] = NONE;
    this.#previous[slot] = this.#last;
    if (this.#last === NONE) this.first = slot;
    else this.#next[this.#last] = slot;
    this.#last = slot;
    this.length++;
  }

  remove(slot: number): void {
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (next === NONE) this.#last = previous;
    else this.#previous[next] = previous;
    if (previous === NONE) this.first = next;
    else this.#next[previous] = next;
    this.length--;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let slot = this.first; slot !== NONE; slot = this.#next[slot] as number) yield slot;
  }
}
