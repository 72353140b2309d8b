import { HashedItems } from './hashed-items.ts';

export interface Keyed {
  readonly key: string;
  /** Of the key. */
  readonly hash: number;
}

/** Items by their keys, each key once. For items that come and go all the time a `Map` keeps too much: see `Chain`. */
export class KeyedItems<Item extends Keyed> {
  readonly #items = new HashedItems<Item>();

  find(key: string, hash: number): Item | undefined {
    const items = this.#items;
    for (let entry = items.first(hash); entry >= 0; entry = items.next(entry)) {
      const item = items.at(entry);
      if (item !== undefined && item.key === key) return item;
    }
    return undefined;
  }

  /** Its key must not be there yet. */
  add(item: Item): void {
    this.#items.add(item, item.hash);
  }

  delete(item: Item): void {
    this.#items.delete(item, item.hash);
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]();
  }
}
