/** Upper bounds of the histogram's buckets from 0.001 ms to 30 days, by definition: powers of 2^(1/32). */
const FIRST = -320;
const UPPER_BOUNDS = Array.from({ length: 1400 }, (_, i) => 2 ** ((FIRST + i + 1) / 32));

/** Values counted per bucket as text: zeros, then `index:count` ascending. */
export class BucketCounts {
  #zeros = 0;
  readonly #counts = new Map<number, number>();

  count(valueMs: number): void {
    if (valueMs < 0.001) {
      this.#zeros++;
      return;
    }
    let low = 0;
    let high = UPPER_BOUNDS.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((UPPER_BOUNDS[middle] as number) < valueMs) low = middle + 1;
      else high = middle;
    }
    this.#counts.set(FIRST + low, (this.#counts.get(FIRST + low) ?? 0) + 1);
  }

  toString(): string {
    return bucketsText(this.#zeros, this.#counts);
  }
}

export function bucketsText(zeros: number, counts: Iterable<readonly [index: number, count: number]>): string {
  const buckets = [...counts].sort(([a], [b]) => a - b).map(([index, count]) => `${index}:${count}`);
  return [`0:${zeros}`, ...buckets].join(' ');
}
