import { RecordBuckets } from '../join/record-buckets.ts';
import { NONE, RecordPages } from '../join/record-pages.ts';
import type { CallValues } from '../records/dimension-reader.ts';
import type { ValueTexts } from '../records/value-texts.ts';

/** Of a row: its hash, the next one in its bucket, its window; then its value in each dimension. */
const HASH = 0;
const NEXT = 1;
const WINDOW = 2;
const VALUES_FROM = 3;

const BUCKETS_MIN = 1024;
/** So many stay from commit to commit. */
const BUCKETS_KEPT_MAX = 65_536;

/** Which rows there are: one for each window and values in all dimensions together, numbered from 0. */
export class ValueRows {
  readonly #texts: ValueTexts;
  readonly #dimensionCount: number;
  #rows: RecordPages;
  #buckets: RecordBuckets;
  #length = 0;

  constructor(texts: ValueTexts, dimensionCount: number) {
    this.#texts = texts;
    this.#dimensionCount = dimensionCount;
    this.#rows = this.#newPages();
    this.#buckets = bucketsOf(this.#rows);
  }

  /** Forgets all rows. */
  clear(): void {
    for (let row = 0; row < this.#length; row++) {
      for (let i = 0; i < this.#dimensionCount; i++) this.#texts.release(this.valueOf(row, i));
    }
    this.#length = 0;
    if (this.#buckets.bucketCount <= BUCKETS_KEPT_MAX) return this.#buckets.clear();
    this.#rows = this.#newPages();
    this.#buckets = bucketsOf(this.#rows);
  }

  /** NONE where there is no such row. */
  find(window: number, values: CallValues): number {
    const hash = hashOf(window, values);
    const rows = this.#rows;
    const buckets = this.#buckets;
    let row = buckets.first(hash);
    while (row !== NONE && !(rows.int(row, HASH) === hash && this.#is(row, window, values))) row = buckets.after(row);
    return row;
  }

  /** @returns the number of a row that was not there yet */
  add(window: number, values: CallValues): number {
    if (this.#length === this.#buckets.bucketCount) this.#double();
    if (this.#length === this.#rows.capacity) this.#rows.addPage();
    const row = this.#length++;
    this.#rows.setInt(row, HASH, hashOf(window, values));
    this.#rows.setInt(row, WINDOW, window);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      this.#rows.setInt(row, VALUES_FROM + i, value);
      this.#texts.hold(value);
    }
    this.#buckets.link(row);
    return row;
  }

  valueOf(row: number, dimension: number): number {
    return this.#rows.int(row, VALUES_FROM + dimension);
  }

  #is(row: number, window: number, values: CallValues): boolean {
    const rows = this.#rows;
    if (rows.int(row, WINDOW) !== window) return false;
    for (let i = 0; i < values.length; i++) if (rows.int(row, VALUES_FROM + i) !== values[i]) return false;
    return true;
  }

  #double(): void {
    this.#buckets.double();
    for (let row = 0; row < this.#length; row++) this.#buckets.link(row);
  }

  #newPages(): RecordPages {
    const ints = VALUES_FROM + this.#dimensionCount;
    return new RecordPages(ints + (ints % 2));
  }
}

function bucketsOf(rows: RecordPages): RecordBuckets {
  return new RecordBuckets(rows, { hash: HASH, next: NEXT }, BUCKETS_MIN);
}

/** Numbers that were given one after the other differ in their last bits: each is spread over all. */
function hashOf(window: number, values: CallValues): number {
  let hash = window;
  for (let i = 0; i < values.length; i++) {
    hash = Math.imul(hash ^ (values[i] as number), HASH_FACTOR);
    hash ^= hash >>> 13;
  }
  return hash ^ (hash >>> 15);
}

const HASH_FACTOR = 0x9e3779b1 | 0;
