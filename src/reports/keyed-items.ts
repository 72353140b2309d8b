import { HashIndex } from './asleep/hash-index.ts';

export interface Keyed {
  readonly key: string;
  /** Of the key. */
  readonly hash: number;
}

/** Items by their keys, each key once. For items that come and go all the time a `Map` keeps too much: see `Chain`. */
export class KeyedItems<Item extends Keyed> {
  readonly #index = new HashIndex();
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];

  find(key: string, hash: number): Item | undefined {
    const index = this.#index;
    for (let entry = index.first(hash); entry >= 0; entry = index.next(entry)) {
      const item = this.#items[index.valueAt(entry)];
      if (item !== undefined && item.key === key) return item;
    }
    return undefined;
  }

  /** Its key must not be there yet. */
  add(item: Item): void {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    this.#index.add(item.hash, slot);
  }

  delete(item: Item): void {
    const index = this.#index;
    for (let entry = index.first(item.hash); entry >= 0; entry = index.next(entry)) {
      const slot = index.valueAt(entry);
      if (this.#items[slot] !== item) continue;
      this.#items[slot] = undefined;
      this.#free.push(slot);
      return index.delete(item.hash, slot);
    }
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }
}
