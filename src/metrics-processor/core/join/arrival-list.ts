import { NONE, RecordPages } from './record-pages.ts';

const NEXT = 0;
const PREVIOUS = 1;

/** A list of small integers (slots of pending records) in order of arrival, with removal anywhere in constant time. */
export class ArrivalList {
  first = NONE;
  length = 0;
  #last = NONE;
  readonly #links = new RecordPages(2);

  push(slot: number): void {
    const links = this.#links;
    while (slot >= links.capacity) links.addPage();
    links.setInt(slot, NEXT, NONE);
    links.setInt(slot, PREVIOUS, this.#last);
    if (this.#last === NONE) this.first = slot;
    else links.setInt(this.#last, NEXT, slot);
    this.#last = slot;
    this.length++;
  }

  remove(slot: number): void {
    const links = this.#links;
    const next = links.int(slot, NEXT);
    const previous = links.int(slot, PREVIOUS);
    if (next === NONE) this.#last = previous;
    else links.setInt(next, PREVIOUS, previous);
    if (previous === NONE) this.first = next;
    else links.setInt(previous, NEXT, next);
    this.length--;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let slot = this.first; slot !== NONE; slot = this.#links.int(slot, NEXT)) yield slot;
  }
}
