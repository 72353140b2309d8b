import { bucketIndex, bucketValue } from './bucket.ts';

/**
 * Durations below a microsecond count as zero: no clock in the field is that fine, and it bounds the number of
 * buckets (at most 1,322 up to `DURATION_MS_MAX`, usually some dozens).
 */
export const ZERO_BELOW_MS = 0.001;

/** Of all histograms without a bucket; nothing is added to it. */
const NONE: number[] = [];

/**
 * Counts of durations in ms per bucket of `bucket.ts`. A sum: adding is associative and commutative.
 *
 * Two arrays in the order of the buckets: most histograms of a commit hold one or two values, those of a row some
 * dozens. A `Map` has to be sorted for each question, and an array with a place for every bucket is mostly empty.
 */
export class Histogram {
  zeroCount = 0;
  /** Ascending. Both are `NONE` until there is something in them: an array makes room for 17 at its first push. */
  #indexes: number[] = NONE;
  #counts: number[] = NONE;
  /** The sum of `#counts`. */
  #bucketed = 0;

  record(valueMs: number): void {
    if (valueMs < ZERO_BELOW_MS) this.zeroCount++;
    else this.addBucket(bucketIndex(valueMs), 1);
  }

  addBucket(index: number, count: number): void {
    this.#bucketed += count;
    if (this.#indexes.length === 0) {
      if (count === 0) return;
      this.#indexes = [index];
      this.#counts = [count];
      return;
    }
    const at = this.#placeOf(index);
    if (this.#indexes[at] === index) {
      (this.#counts[at] as number) += count;
      if (this.#counts[at] === 0) this.#drop(at);
    } else if (at === this.#indexes.length) {
      this.#indexes.push(index);
      this.#counts.push(count);
    } else {
      insert(this.#indexes, at, index);
      insert(this.#counts, at, count);
    }
  }

  add(other: Histogram): void {
    this.zeroCount += other.zeroCount;
    other.forEachBucket((index, count) => this.addBucket(index, count));
  }

  /** Takes back what was added. */
  subtract(other: Histogram): void {
    this.zeroCount -= other.zeroCount;
    other.forEachBucket((index, count) => this.addBucket(index, -count));
  }

  /** Without anything in it. A count of 0 may also be what was taken away on the one side and added on the other. */
  get isEmpty(): boolean {
    return this.zeroCount === 0 && this.#indexes.length === 0;
  }

  /** The value that stands for the highest bucket; 0 for none. */
  get highestMs(): number {
    const highest = this.#indexes.at(-1);
    return highest === undefined ? 0 : bucketValue(highest);
  }

  get bucketCount(): number {
    return this.#indexes.length;
  }

  get count(): number {
    return this.zeroCount + this.#bucketed;
  }

  /** The bucket of the only duration in it; null where there are none or more. */
  get onlyBucket(): number | null {
    const isOne = this.zeroCount === 0 && this.#indexes.length === 1 && this.#counts[0] === 1;
    return isOne ? (this.#indexes[0] as number) : null;
  }

  /** Ascending: the one order in which a histogram is written or walked. */
  forEachBucket(visit: (index: number, count: number) => void): void {
    for (let i = 0; i < this.#indexes.length; i++) visit(this.#indexes[i] as number, this.#counts[i] as number);
  }

  sortedBuckets(): readonly (readonly [index: number, count: number])[] {
    const buckets: [number, number][] = [];
    this.forEachBucket((index, count) => buckets.push([index, count]));
    return buckets;
  }

  /**
   * The value at `quantile` (0 to 1) by nearest rank: the smallest recorded value with at least that share of all
   * values at or below it, within 1.1 %. Null over nothing.
   */
  quantile(quantile: number): number | null {
    return this.quantiles([quantile])[0] ?? null;
  }

  quantiles(wanted: readonly number[]): readonly (number | null)[] {
    const total = this.count;
    if (total === 0) return wanted.map(() => null);
    return wanted.map((quantile) => this.#valueAtRank(Math.max(1, Math.ceil(quantile * total))));
  }

  /** Null beyond the last rank. */
  #valueAtRank(rank: number): number | null {
    let seen = this.zeroCount;
    if (rank <= seen) return 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i] as number;
      if (rank <= seen) return bucketValue(this.#indexes[i] as number);
    }
    return null;
  }

  /** A bucket that comes to nothing is as if it had never been. */
  #drop(at: number): void {
    this.#indexes.splice(at, 1);
    this.#counts.splice(at, 1);
  }

  /** Where a bucket is, or would have to be put. */
  #placeOf(index: number): number {
    let low = 0;
    let high = this.#indexes.length;
    // What is added up was written in this order, so nearly always it goes to the end.
    if (high === 0 || (this.#indexes[high - 1] as number) < index) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#indexes[middle] as number) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A few are moved faster by hand than by `splice`, which makes an array of what it takes out: of nothing. */
function insert(into: number[], at: number, value: number): void {
  if (into.length - at > MOVED_BY_HAND_MAX) {
    into.splice(at, 0, value);
    return;
  }
  into.push(value);
  for (let i = into.length - 1; i > at; i--) into[i] = into[i - 1] as number;
  into[at] = value;
}

const MOVED_BY_HAND_MAX = 16;
