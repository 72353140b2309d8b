/** What stands in a chain, in one at a time. */
export interface Link<Item> {
  before: Item | null;
  after: Item | null;
}

/**
 * Items in the order in which they came, for those that come and go all the time.
 *
 * Not a `Set`: when one of those has grown out of its table, or is cleared, the old table points to the new one. An old
 * table that the young objects' collections do not reach any more then keeps all that was ever in its followers, until
 * a full collection. An item that has left a chain points nowhere.
 */
export class Chain<Item extends Link<Item>> {
  first: Item | null = null;
  #last: Item | null = null;

  /** It must be in no chain. */
  append(item: Item): void {
    item.before = this.#last;
    if (this.#last === null) this.first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  remove(item: Item): void {
    const { before, after } = item;
    if (before !== null) before.after = after;
    else if (this.first === item) this.first = after;
    // It is in no chain.
    else return;
    if (after === null) this.#last = before;
    else after.before = before;
    item.before = item.after = null;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let item = this.first; item !== null; item = item.after) yield item;
  }
}
