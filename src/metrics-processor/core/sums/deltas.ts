import type { TallyDelta, UsageDelta } from '../../../metrics-store/commit.ts';
import { type Series, seriesKey } from '../../../tally/series.ts';
import { addTally, isEmptyTally, subtractTally, Tally } from '../../../tally/tally.ts';
import { addUsage, type BilledModel, subtractUsage, Usage } from '../../../tally/usage.ts';

/** What one window adds to one series. */
export class WindowDelta {
  readonly tally = new Tally();
  /** By billed model: hardly ever more than one, since a series has a model already. */
  readonly usages: BilledUsage[] = [];
  readonly startMs: number;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  usage({ provider, model, bandFromTokens, serviceTier, reportedBy }: BilledModel): Usage {
    for (const { billed, usage } of this.usages) {
      // The provider is that of the series.
      if (
        billed.model === model &&
        billed.bandFromTokens === bandFromTokens &&
        billed.serviceTier === serviceTier &&
        billed.reportedBy === reportedBy
      ) {
        return usage;
      }
    }
    const usage = new Usage();
    this.usages.push({ billed: { provider, model, bandFromTokens, serviceTier, reportedBy }, usage });
    return usage;
  }
}

interface BilledUsage {
  readonly billed: BilledModel;
  readonly usage: Usage;
}

interface SeriesDeltas {
  readonly windows: Map<number, WindowDelta>;
  /** The one that was asked for last: events come in order of time, more or less. */
  last: WindowDelta;
}

/** Sums per (series, window) since the last commit: however many events, one delta each. */
export class Deltas {
  readonly #bySeries = new Map<Series, SeriesDeltas>();

  at(series: Series, windowStartMs: number): WindowDelta {
    const deltas = this.#bySeries.get(series);
    if (deltas === undefined) {
      const first = new WindowDelta(windowStartMs);
      this.#bySeries.set(series, { windows: new Map([[windowStartMs, first]]), last: first });
      return first;
    }
    if (deltas.last.startMs === windowStartMs) return deltas.last;
    let delta = deltas.windows.get(windowStartMs);
    if (delta === undefined) deltas.windows.set(windowStartMs, (delta = new WindowDelta(windowStartMs)));
    deltas.last = delta;
    return delta;
  }

  /** Takes back what was added, maybe in an earlier commit. */
  subtract(series: Series, { startMs, tally, usages }: WindowDelta): void {
    const delta = this.at(series, startMs);
    subtractTally(delta.tally, tally);
    for (const { billed, usage } of usages) subtractUsage(delta.usage(billed), usage);
  }

  /** One delta per (series, window), also where the dictionary handed out two objects for one series. */
  tallies(): TallyDelta[] {
    const merged = new Map<string, TallyDelta>();
    for (const [series, { windows }] of this.#bySeries) {
      const ofSeries = seriesKey(series);
      for (const [windowStartMs, { tally }] of windows) {
        const key = `${windowStartMs}\0${ofSeries}`;
        const known = merged.get(key);
        if (known === undefined) merged.set(key, { series, windowStartMs, tally });
        else addTally(known.tally, tally);
      }
    }
    // What was added and taken back within one commit has not been.
    return [...merged.values()].filter(({ tally }) => !isEmptyTally(tally));
  }

  usages(): UsageDelta[] {
    const merged = new Map<string, UsageDelta>();
    for (const [series, { windows }] of this.#bySeries) {
      const ofSeries = seriesKey(series);
      for (const [windowStartMs, { usages }] of windows) {
        for (const { billed, usage } of usages) {
          const { bandFromTokens, serviceTier, reportedBy, model } = billed;
          const key = `${windowStartMs}\0${bandFromTokens}\0${serviceTier}\0${reportedBy}\0${model}\0${ofSeries}`;
          const known = merged.get(key);
          if (known === undefined) merged.set(key, { series, windowStartMs, billed, usage });
          else addUsage(known.usage, usage);
        }
      }
    }
    return [...merged.values()];
  }
}
