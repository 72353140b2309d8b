import { bucketIndex, bucketValue } from './bucket.ts';

/**
 * Durations below a microsecond count as zero: no clock in the field is that fine, and it bounds the number of
 * buckets (at most 1,322 up to `DURATION_MS_MAX`, usually some dozens).
 */
const ZERO_BELOW_MS = 0.001;

/** Room that is made on the far side of a new bucket, a third of an octave: so it is made a few times, not for each value. */
const SPARE_BUCKETS = 11;

/**
 * Counts of durations in ms per bucket of `bucket.ts`. A sum: adding is associative and commutative.
 *
 * The counts lie side by side in an array, since the durations of a series are near each other. The largest takes 11 KB.
 */
export class Histogram {
  zeroCount = 0;
  /** Of the buckets from `#first` on. The outermost may be zero. */
  #counts: number[] = [];
  #first = 0;
  /** The sum of `#counts`. */
  #bucketed = 0;

  record(valueMs: number): void {
    if (valueMs < ZERO_BELOW_MS) this.zeroCount++;
    else this.addBucket(bucketIndex(valueMs), 1);
  }

  addBucket(index: number, count: number): void {
    if (index < this.#first || index >= this.#first + this.#counts.length) this.#makeRoomFor(index);
    (this.#counts[index - this.#first] as number) += count;
    this.#bucketed += count;
  }

  add(other: Histogram): void {
    this.zeroCount += other.zeroCount;
    other.forEachBucket((index, count) => this.addBucket(index, count));
  }

  get count(): number {
    return this.zeroCount + this.#bucketed;
  }

  /** Those that hold something, ascending: the one order in which a histogram is written or walked. */
  forEachBucket(visit: (index: number, count: number) => void): void {
    const counts = this.#counts;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i] as number;
      if (count !== 0) visit(this.#first + i, count);
    }
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
      if (rank <= seen) return bucketValue(this.#first + i);
    }
    return null;
  }

  #makeRoomFor(index: number): void {
    if (this.#counts.length === 0) this.#first = index;
    const end = this.#first + this.#counts.length;
    if (index >= end) {
      for (let i = end; i <= index + SPARE_BUCKETS; i++) this.#counts.push(0);
    } else {
      const missing = this.#first - index + SPARE_BUCKETS;
      this.#counts = [...Array.from({ length: missing }, () => 0), ...this.#counts];
      this.#first -= missing;
    }
  }
}
