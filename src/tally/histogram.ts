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

  /** Several at once: the buckets are walked once. */
  quantiles(wanted: readonly number[]): readonly (number | null)[] {
    const ranked = rankedBuckets(this.counts);
    const total = this.zeroCount + (ranked.countUpTo.at(-1) ?? 0);
    if (total === 0) return wanted.map(() => null);
    return wanted.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * total)) - this.zeroCount;
      return rank <= 0 ? 0 : valueAtRank(ranked, rank);
    });
  }
}

interface RankedBuckets {
  readonly indexMin: number;
  /** For each bucket from `indexMin` on, the count of all up to it. */
  readonly countUpTo: Float64Array;
}

/** By counting into a place per bucket, of which there are few: sorting the buckets took twice as long. */
function rankedBuckets(counts: ReadonlyMap<number, number>): RankedBuckets {
  let indexMin = Number.POSITIVE_INFINITY;
  let indexMax = Number.NEGATIVE_INFINITY;
  for (const index of counts.keys()) {
    if (index < indexMin) indexMin = index;
    if (index > indexMax) indexMax = index;
  }
  const countUpTo = new Float64Array(counts.size === 0 ? 0 : indexMax - indexMin + 1);
  for (const [index, count] of counts) countUpTo[index - indexMin] = count;
  let seen = 0;
  for (let i = 0; i < countUpTo.length; i++) {
    seen += countUpTo[i] as number;
    countUpTo[i] = seen;
  }
  return { indexMin, countUpTo };
}

/** Null beyond the last rank. */
function valueAtRank({ indexMin, countUpTo }: RankedBuckets, rank: number): number | null {
  let low = 0;
  let high = countUpTo.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((countUpTo[middle] as number) < rank) low = middle + 1;
    else high = middle;
  }
  return low === countUpTo.length ? null : bucketValue(indexMin + low);
}
