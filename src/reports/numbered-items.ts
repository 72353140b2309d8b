import { HashIndex } from './asleep/hash-index.ts';

export interface Numbered {
  readonly number: number;
}

/**
 * Items by their numbers, each number once, where few of many numbers have one: an array would be as long as the
 * largest number, among what the garbage collector walks through.
 */
export class NumberedItems<Item extends Numbered> {
  readonly #index = new HashIndex();
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];

  find(number: number): Item | undefined {
    const entry = this.#index.first(number);
    return entry < 0 ? undefined : this.#items[this.#index.valueAt(entry)];
  }

  /** Its number must not be there yet. */
  add(item: Item): void {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    this.#index.add(item.number, slot);
  }

  delete({ number }: Item): void {
    const entry = this.#index.first(number);
    if (entry < 0) return;
    const slot = this.#index.valueAt(entry);
    this.#items[slot] = undefined;
    this.#free.push(slot);
    this.#index.delete(number, slot);
  }
}
