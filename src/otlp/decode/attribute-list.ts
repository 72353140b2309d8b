import type { Attributes, AttributeValue } from './trace-export.ts';

/** Up to so many are looked through; beyond it there is an index, or a sender with 100,000 could hold up everybody. */
const UNINDEXED_MAX = 32;

/**
 * The attributes of one span in the order in which they came. A key that comes again replaces its value, as in a Map;
 * but a Map of ten entries takes three times the memory, and going through it makes an array for each.
 */
export class AttributeList implements Attributes {
  readonly keys: string[] = [];
  readonly values: AttributeValue[] = [];
  #placeOf: Map<string, number> | null = null;

  static of(entries: Iterable<readonly [string, AttributeValue]>): AttributeList {
    const list = new AttributeList();
    for (const [key, value] of entries) list.set(key, value);
    return list;
  }

  get size(): number {
    return this.keys.length;
  }

  get(key: string): AttributeValue | undefined {
    const place = this.#find(key);
    return place === -1 ? undefined : this.values[place];
  }

  has(key: string): boolean {
    return this.#find(key) !== -1;
  }

  set(key: string, value: AttributeValue): void {
    const place = this.#find(key);
    if (place !== -1) {
      this.values[place] = value;
      return;
    }
    this.keys.push(key);
    this.values.push(value);
    if (this.#placeOf !== null) this.#placeOf.set(key, this.keys.length - 1);
    else if (this.keys.length > UNINDEXED_MAX) this.#placeOf = new Map(this.keys.map((each, i) => [each, i]));
  }

  #find(key: string): number {
    if (this.#placeOf !== null) return this.#placeOf.get(key) ?? -1;
    const { keys } = this;
    for (let i = 0; i < keys.length; i++) if (keys[i] === key) return i;
    return -1;
  }
}
