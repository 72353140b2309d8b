import { NONE, type RecordPages } from './record-pages.ts';

/** Where a record has its hash, and the number of the next one in its bucket. */
export interface ChainColumns {
  readonly hash: number;
  readonly next: number;
}

/**
 * Finds records by a hash of 32 bits that lies in them: a chained hash table whose records keep their number as long as
 * they live. Which there are, and what else they hold, is their owner's. The last bits of a hash must tell.
 */
export class RecordBuckets {
  readonly #records: RecordPages;
  readonly #columns: ChainColumns;
  #buckets: Int32Array;

  /** @param bucketCount to begin with, a power of two */
  constructor(records: RecordPages, columns: ChainColumns, bucketCount: number) {
    this.#records = records;
    this.#columns = columns;
    this.#buckets = new Int32Array(bucketCount).fill(NONE);
  }

  get bucketCount(): number {
    return this.#buckets.length;
  }

  /** Forgets all links. */
  clear(): void {
    this.#buckets.fill(NONE);
  }

  /** Forgets all links: the owner links its records again. */
  double(): void {
    this.#buckets = new Int32Array(this.#buckets.length * 2).fill(NONE);
  }

  /** The record linked last in the bucket of this hash, of whatever hash, or NONE. */
  first(hash: number): number {
    return this.#buckets[hash & (this.#buckets.length - 1)] as number;
  }

  /** The record that follows in the bucket, of whatever hash, or NONE. */
  after(record: number): number {
    return this.#records.int(record, this.#columns.next);
  }

  link(record: number): void {
    const bucket = this.#bucketOf(record);
    this.#records.setInt(record, this.#columns.next, this.#buckets[bucket] as number);
    this.#buckets[bucket] = record;
  }

  unlink(record: number): void {
    const bucket = this.#bucketOf(record);
    const next = this.after(record);
    let at = this.#buckets[bucket] as number;
    if (at === record) {
      this.#buckets[bucket] = next;
    } else {
      while (this.after(at) !== record) at = this.after(at);
      this.#records.setInt(at, this.#columns.next, next);
    }
  }

  #bucketOf(record: number): number {
    return this.#records.int(record, this.#columns.hash) & (this.#buckets.length - 1);
  }
}
