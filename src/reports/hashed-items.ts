import { HashIndex } from './asleep/hash-index.ts';

/** Items by hashes, of which several may be one: whoever looks for an item goes through the entries of its hash. */
export class HashedItems<Item extends object> {
  readonly #index = new HashIndex();
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];

  /** The first entry of a hash; below 0: there is none. */
  first(hash: number): number {
    return this.#index.first(hash);
  }

  next(entry: number): number {
    return this.#index.next(entry);
  }

  at(entry: number): Item | undefined {
    return this.#items[this.#index.valueAt(entry)];
  }

  add(item: Item, hash: number): void {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    this.#index.add(hash, slot);
  }

  delete(item: Item, hash: number): void {
    const index = this.#index;
    for (let entry = index.first(hash); entry >= 0; entry = index.next(entry)) {
      const slot = index.valueAt(entry);
      if (this.#items[slot] !== item) continue;
      this.#items[slot] = undefined;
      this.#free.push(slot);
      return index.delete(hash, slot);
    }
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }
}
