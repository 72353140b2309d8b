import { bucketIndex, bucketValue } from './bucket.ts';

/**
 * Durations below a microsecond count as zero: no clock in the field is that fine, and it bounds the number of
 * buckets (at most 1,322 up to `DURATION_MS_MAX`, usually some dozens).
 */
const ZERO_BELOW_MS = 0.001;

/** Counts of durations in ms per bucket of `bucket.ts`. A sum: adding is associative and commutative. */
export class Histogram {
  zeroCount = 0;
  readonly counts = new Map<number, number>();

  record(valueMs: number): void {
    if (valueMs < ZERO_BELOW_MS) {
      this.zeroCount++;
      return;
    }
    const index = bucketIndex(valueMs);
    this.counts.set(index, (this.counts.get(index) ?? 0) + 1);
  }

  addBucket(index: number, count: number): void {
    this.counts.set(index, (this.counts.get(index) ?? 0) + count);
  }

  add(other: Histogram): void {
    this.zeroCount += other.zeroCount;
    for (const [index, count] of other.counts) this.addBucket(index, count);
  }

  get count(): number {
    let total = this.zeroCount;
    for (const count of this.counts.values()) total += count;
    return total;
  }

  /** `[index, count]`, ascending: the one order in which a histogram is written or walked. */
  sortedBuckets(): readonly (readonly [index: number, count: number])[] {
    return [...this.counts].sort(([a], [b]) => a - b);
  }

  /**
   * The value at `quantile` (0 to 1) by nearest rank: the smallest recorded value with at least that share of all
   * values at or below it, within 1.1 %. Null over nothing.
   */
  quantile(quantile: number): number | null {
    return this.quantiles([quantile])[0] ?? null;
  }

  /** Several at once: the buckets are sorted once. */
  quantiles(wanted: readonly number[]): readonly (number | null)[] {
    const total = this.count;
    if (total === 0) return wanted.map(() => null);
    const indexes = Float64Array.from(this.counts.keys()).sort();
    return wanted.map((quantile) => this.#atRank(Math.max(1, Math.ceil(quantile * total)), indexes));
  }

  #atRank(rank: number, indexes: Float64Array): number | null {
    let seen = this.zeroCount;
    if (seen >= rank) return 0;
    for (const index of indexes) {
      seen += this.counts.get(index) as number;
      if (seen >= rank) return bucketValue(index);
    }
    return null;
  }
}
