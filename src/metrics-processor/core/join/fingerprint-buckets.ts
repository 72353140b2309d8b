import type { Fingerprint } from './fingerprint.ts';
import { RecordBuckets } from './record-buckets.ts';
import { NONE, type RecordPages } from './record-pages.ts';

/** How many integers a fingerprint takes; it lies at the beginning of an entry. */
export const FINGERPRINT_INTS = 4;

/** Twice as many buckets would take 4 bytes more an entry, and save a comparison in three look-ups. */
const ENTRIES_PER_BUCKET_MAX = 2;

/** Finds entries by their fingerprint. */
export class FingerprintBuckets extends RecordBuckets {
  readonly #entries: RecordPages;

  /**
   * @param next the column of the link
   * @param bucketCount to begin with, a power of two
   */
  constructor(entries: RecordPages, next: number, bucketCount: number) {
    super(entries, { hash: 0, next }, bucketCount);
    this.#entries = entries;
  }

  /** How many entries there should be at most before `double`. */
  get entriesMax(): number {
    return this.bucketCount * ENTRIES_PER_BUCKET_MAX;
  }

  /** The entry linked last of this fingerprint, or NONE. */
  find(id: Fingerprint): number {
    let entry = this.first(id.h1);
    while (entry !== NONE && !this.#is(entry, id)) entry = this.after(entry);
    return entry;
  }

  /** Writes the fingerprint into the entry; it is found when it is linked. */
  name(entry: number, id: Fingerprint): void {
    const entries = this.#entries;
    entries.setInt(entry, 0, id.h1);
    entries.setInt(entry, 1, id.h2);
    entries.setInt(entry, 2, id.h3);
    entries.setInt(entry, 3, id.h4);
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
