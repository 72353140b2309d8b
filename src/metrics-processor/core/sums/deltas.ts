import type { TallyDelta, UsageDelta } from '../../../metrics-store/commit.ts';
import { type Series, seriesKey } from '../../../tally/series.ts';
import { addTally, isEmptyTally, subtractTally, Tally } from '../../../tally/tally.ts';
import { addUsage, type BilledModel, subtractUsage, Usage } from '../../../tally/usage.ts';

/** An array of its own would make room for 17 when the first is pushed. */
const NO_USAGES: readonly BilledUsage[] = [];

/** What one window adds to one series. */
export class WindowDelta {
  readonly tally = new Tally();
  /** By billed model: hardly ever more than one, since a series has a model already. */
  usages: readonly BilledUsage[] = NO_USAGES;
  readonly startMs: number;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  usage(billed: BilledModel): Usage {
    for (const known of this.usages) if (isSameBilled(known.billed, billed)) return known.usage;
    const usage = new Usage();
    const { provider, model, bandFromTokens, serviceTier, reportedBy } = billed;
    const added = { billed: { provider, model, bandFromTokens, serviceTier, reportedBy }, usage };
    this.usages = this.usages.length === 0 ? [added] : [...this.usages, added];
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

  /** One delta per (series, window). */
  tallies(): TallyDelta[] {
    this.#mergeSeries();
    const deltas: TallyDelta[] = [];
    for (const [series, { windows }] of this.#bySeries) {
      for (const { startMs, tally } of windows.values()) {
        // What was added and taken back within one commit has not been.
        if (!isEmptyTally(tally)) deltas.push({ series, windowStartMs: startMs, tally });
      }
    }
    return deltas;
  }

  usages(): UsageDelta[] {
    this.#mergeSeries();
    const deltas: UsageDelta[] = [];
    for (const [series, { windows }] of this.#bySeries) {
      for (const { startMs, usages } of windows.values()) {
        for (const { billed, usage } of usages) deltas.push({ series, windowStartMs: startMs, billed, usage });
      }
    }
    return deltas;
  }

  /** Where the dictionary handed out two objects for one series, what was added to the second is the first one's. */
  #mergeSeries(): void {
    const firsts = new Map<string, Series>();
    for (const [series, { windows }] of this.#bySeries) {
      const key = seriesKey(series);
      const first = firsts.get(key);
      if (first === undefined) {
        firsts.set(key, series);
        continue;
      }
      this.#bySeries.delete(series);
      for (const window of windows.values()) this.#add(first, window);
    }
  }

  #add(series: Series, { startMs, tally, usages }: WindowDelta): void {
    const delta = this.at(series, startMs);
    addTally(delta.tally, tally);
    for (const { billed, usage } of usages) addUsage(delta.usage(billed), usage);
  }
}

/** The provider is that of the series. */
function isSameBilled(a: BilledModel, b: BilledModel): boolean {
  return (
    a.model === b.model &&
    a.bandFromTokens === b.bandFromTokens &&
    a.serviceTier === b.serviceTier &&
    a.reportedBy === b.reportedBy
  );
}
