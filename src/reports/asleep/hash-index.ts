const NONE = -1;
const HASH = 0;
const VALUE = 1;
const NEXT = 2;
const INTS_PER_ENTRY = 3;
const ENTRIES_MIN = 1024;

/**
 * Numbers by the hashes of texts, some 20 bytes each. It may tell a number whose text is another one with the same
 * hash; whoever asks must not mind.
 */
export class HashIndex {
  #entries = new Int32Array(ENTRIES_MIN * INTS_PER_ENTRY);
  #buckets = new Int32Array(ENTRIES_MIN).fill(NONE);
  #used = 0;
  #free = NONE;

  add(hash: number, value: number): void {
    const entry = this.#allocate();
    this.#entries[entry + HASH] = hash;
    this.#entries[entry + VALUE] = value;
    this.#link(entry);
  }

  delete(hash: number, value: number): void {
    const entries = this.#entries;
    const bucket = hash & (this.#buckets.length - 1);
    let before = NONE;
    let entry = this.#buckets[bucket] as number;
    while (entry !== NONE && !(entries[entry + HASH] === hash && entries[entry + VALUE] === value)) {
      before = entry;
      entry = entries[entry + NEXT] as number;
    }
    if (entry === NONE) return;
    const next = entries[entry + NEXT] as number;
    if (before === NONE) this.#buckets[bucket] = next;
    else entries[before + NEXT] = next;
    entries[entry + NEXT] = this.#free;
    this.#free = entry;
  }

  /** All that were added under this hash. */
  of(hash: number): readonly number[] {
    let entry = this.first(hash);
    if (entry === NONE) return NOTHING;
    const found: number[] = [];
    for (; entry !== NONE; entry = this.next(entry)) found.push(this.valueAt(entry));
    return found;
  }

  /** The first entry of this hash, negative for none; `valueAt` tells what was added, `next` the one that follows. */
  first(hash: number): number {
    return this.#from(this.#buckets[hash & (this.#buckets.length - 1)] as number, hash);
  }

  next(entry: number): number {
    return this.#from(this.#entries[entry + NEXT] as number, this.#entries[entry + HASH] as number);
  }

  valueAt(entry: number): number {
    return this.#entries[entry + VALUE] as number;
  }

  #from(start: number, hash: number): number {
    const entries = this.#entries;
    let entry = start;
    while (entry !== NONE && entries[entry + HASH] !== hash) entry = entries[entry + NEXT] as number;
    return entry;
  }

  #allocate(): number {
    if (this.#free !== NONE) {
      const entry = this.#free;
      this.#free = this.#entries[entry + NEXT] as number;
      return entry;
    }
    if (this.#used === this.#entries.length) this.#grow();
    const entry = this.#used;
    this.#used += INTS_PER_ENTRY;
    return entry;
  }

  #link(entry: number): void {
    const bucket = (this.#entries[entry + HASH] as number) & (this.#buckets.length - 1);
    this.#entries[entry + NEXT] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = entry;
  }

  /** Half as much again: twice as much would be empty for the most part where it stops growing. */
  #grow(): void {
    const entries = new Int32Array(INTS_PER_ENTRY * Math.ceil((this.#used / INTS_PER_ENTRY) * GROWTH));
    entries.set(this.#entries);
    this.#entries = entries;
    if (this.#used / INTS_PER_ENTRY < this.#buckets.length) return;
    this.#buckets = new Int32Array(2 * this.#buckets.length).fill(NONE);
    // None is free, or none would have to be made.
    for (let entry = 0; entry < this.#used; entry += INTS_PER_ENTRY) this.#link(entry);
  }
}

const GROWTH = 1.5;
const NOTHING: readonly number[] = [];

/** 32 bits of a text. */
export function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return hash | 0;
}
