import type { Fingerprint } from './fingerprint.ts';
import { NONE, type RecordPages } from './record-pages.ts';

/** How many integers a fingerprint takes; it lies at the beginning of an entry. */
export const FINGERPRINT_INTS = 4;

/** Twice as many buckets would take 4 bytes more an entry, and save a comparison in three look-ups. */
const ENTRIES_PER_BUCKET_MAX = 2;

/**
 * Finds entries by their fingerprint: a chained hash table whose entries keep their number as long as they live. Which
 * there are, and what else they hold, is their owner's; one of their integers is the link to the next in the bucket.
 */
export class FingerprintBuckets {
  readonly #entries: RecordPages;
  readonly #next: number;
  #buckets: Int32Array;

  /**
   * @param next the column of the link
   * @param bucketCount to begin with, a power of two
   */
  constructor(entries: RecordPages, next: number, bucketCount: number) {
    this.#entries = entries;
    this.#next = next;
    this.#buckets = new Int32Array(bucketCount).fill(NONE);
  }

  /** How many entries there should be at most before `double`. */
  get entriesMax(): number {
    return this.#buckets.length * ENTRIES_PER_BUCKET_MAX;
  }

  /** Forgets all links: the owner links its entries again. */
  double(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 2).fill(NONE);
  }

  /** The entry linked last of this fingerprint, or NONE. */
  find(id: Fingerprint): number {
    let entry = this.#buckets[id.h1 & (this.#buckets.length - 1)] as number;
    while (entry !== NONE && !this.#is(entry, id)) entry = this.#entries.int(entry, this.#next);
    return entry;
  }

  /** The entry that follows in the bucket, of whatever fingerprint, or NONE. */
  after(entry: number): number {
    return this.#entries.int(entry, this.#next);
  }

  /** Writes the fingerprint into the entry; it is found when it is linked. */
  name(entry: number, id: Fingerprint): void {
    const entries = this.#entries;
    entries.setInt(entry, 0, id.h1);
    entries.setInt(entry, 1, id.h2);
    entries.setInt(entry, 2, id.h3);
    entries.setInt(entry, 3, id.h4);
  }

  link(entry: number): void {
    const bucket = this.#bucketOf(entry);
    this.#entries.setInt(entry, this.#next, this.#buckets[bucket] as number);
    this.#buckets[bucket] = entry;
  }

  unlink(entry: number): void {
    const entries = this.#entries;
    const bucket = this.#bucketOf(entry);
    const next = this.after(entry);
    let at = this.#buckets[bucket] as number;
    if (at === entry) {
      this.#buckets[bucket] = next;
    } else {
      while (this.after(at) !== entry) at = this.after(at);
      entries.setInt(at, this.#next, next);
    }
  }

  #bucketOf(entry: number): number {
    return this.#entries.int(entry, 0) & (this.#buckets.length - 1);
  }

  #is(entry: number, id: Fingerprint): boolean {
    const entries = this.#entries;
    return (
      entries.int(entry, 0) === id.h1 &&
      entries.int(entry, 1) === id.h2 &&
      entries.int(entry, 2) === id.h3 &&
      entries.int(entry, 3) === id.h4
    );
  }
}
