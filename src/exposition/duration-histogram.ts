import type { HistogramFamily, HistogramSeries, Labels } from './metric-family.ts';

/** Eight buckets each time a duration doubles: within 4.4 %. */
const SCHEMA = 3;
const BUCKETS_PER_OCTAVE = 2 ** SCHEMA;
/** No clock of ours is finer. */
const ZERO_THRESHOLD_S = 1e-6;
const BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Durations {
  readonly labels: Labels;
  readonly native: Map<number, number>;
  /** By bound, not cumulative. */
  readonly classic: number[];
  zeroCount: number;
  count: number;
  sum: number;
}

/** A histogram of durations in seconds, with classic and native buckets. Whoever observes bounds the labels. */
export class DurationHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #series = new Map<string, Durations>();

  constructor({ name, help }: { readonly name: string; readonly help: string }) {
    this.#name = name;
    this.#help = help;
  }

  /** Shows the series before anything is observed: else its first duration would be no increase. */
  begin(key: string, labels: Labels): void {
    this.#durationsOf(key, labels);
  }

  /** @param key stands for the labels, which are the same whenever it is */
  observe(key: string, labels: Labels, seconds: number): void {
    const durations = this.#durationsOf(key, labels);
    durations.count++;
    durations.sum += seconds;
    const bound = BOUNDS_S.findIndex((upperBound) => seconds <= upperBound);
    if (bound >= 0) (durations.classic[bound] as number)++;
    if (seconds <= ZERO_THRESHOLD_S) durations.zeroCount++;
    else {
      const index = Math.ceil(Math.log2(seconds) * BUCKETS_PER_OCTAVE);
      durations.native.set(index, (durations.native.get(index) ?? 0) + 1);
    }
  }

  #durationsOf(key: string, labels: Labels): Durations {
    let durations = this.#series.get(key);
    if (durations === undefined) {
      durations = { labels, native: new Map(), classic: BOUNDS_S.map(() => 0), zeroCount: 0, count: 0, sum: 0 };
      this.#series.set(key, durations);
    }
    return durations;
  }

  family(): HistogramFamily {
    const series = Array.from(this.#series.values(), toSeries);
    return { name: this.#name, help: this.#help, type: 'histogram', series };
  }
}

function toSeries({ labels, native, classic, zeroCount, count, sum }: Durations): HistogramSeries {
  let cumulativeCount = 0;
  const buckets = BOUNDS_S.map((upperBound, i) => {
    cumulativeCount += classic[i] ?? 0;
    return { upperBound, cumulativeCount };
  });
  const sorted = [...native].sort(([a], [b]) => a - b);
  const nativeBuckets = { schema: SCHEMA, zeroThreshold: ZERO_THRESHOLD_S, zeroCount, buckets: sorted };
  return { labels, count, sum, buckets, native: nativeBuckets };
}
