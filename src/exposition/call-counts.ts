import { DurationHistogram } from './duration-histogram.ts';
import type { Labels, MetricFamily, MetricSource } from './metric-family.ts';

interface NamedFamily {
  readonly name: string;
  readonly help: string;
}

export interface CallCountsOptions {
  readonly total: NamedFamily;
  readonly duration: NamedFamily;
  readonly inFlight: NamedFamily;
  /** The one label by which durations are told apart. */
  readonly durationLabel: string;
}

/** Counts what a server answers: how much by labels, how long it took, and how much is in flight. */
export class CallCounts implements MetricSource {
  readonly #options: CallCountsOptions;
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>();
  readonly #durations: DurationHistogram;
  #inFlight = 0;

  constructor(options: CallCountsOptions) {
    this.#options = options;
    this.#durations = new DurationHistogram(options.duration);
  }

  /** A call begins. @returns what is told when it ended, with all labels in one order; whoever tells bounds them */
  begin(): (labels: Labels) => void {
    const startedMs = performance.now();
    this.#inFlight++;
    return (labels) => {
      this.#inFlight--;
      const { durationLabel } = this.#options;
      const apart = labels[durationLabel] ?? '';
      this.#durations.observe(apart, { [durationLabel]: apart }, (performance.now() - startedMs) / 1000);
      const key = Object.values(labels).join(' ');
      const counted = this.#counts.get(key);
      if (counted === undefined) this.#counts.set(key, { labels, count: 1 });
      else counted.count++;
    };
  }

  families(): readonly MetricFamily[] {
    const { total, inFlight } = this.#options;
    const series = Array.from(this.#counts.values(), ({ labels, count }) => ({ labels, value: count }));
    return [
      { ...total, type: 'counter', series },
      this.#durations.family(),
      { ...inFlight, type: 'gauge', series: [{ labels: {}, value: this.#inFlight }] },
    ];
  }
}
