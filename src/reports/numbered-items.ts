import { HashedItems } from './hashed-items.ts';

export interface Numbered {
  readonly number: number;
}

/**
 * Items by their numbers, each number once, where few of many numbers have one: an array would be as long as the
 * largest number, among what the garbage collector walks through.
 */
export class NumberedItems<Item extends Numbered> {
  readonly #items = new HashedItems<Item>();

  find(number: number): Item | undefined {
    const entry = this.#items.first(number);
    return entry < 0 ? undefined : this.#items.at(entry);
  }

  /** Its number must not be there yet. */
  add(item: Item): void {
    this.#items.add(item, item.number);
  }

  delete(item: Item): void {
    this.#items.delete(item, item.number);
  }
}
