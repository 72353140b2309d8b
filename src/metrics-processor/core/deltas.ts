import type { TallyDelta, UsageDelta } from '../../metrics-store/commit.ts';
import { type Series, seriesKey } from '../../tally/series.ts';
import { addTally, Tally } from '../../tally/tally.ts';
import { addUsage, type BilledModel, Usage } from '../../tally/usage.ts';

/** Sums per (series, window) since the last commit: however many events, one delta each. */
export class Deltas {
  readonly #bySeries = new Map<Series, Map<number, Tally>>();
  readonly #usages = new Map<Series, Map<string, UsageDelta>>();

  tally(series: Series, windowStartMs: number): Tally {
    let windows = this.#bySeries.get(series);
    if (windows === undefined) this.#bySeries.set(series, (windows = new Map()));
    let tally = windows.get(windowStartMs);
    if (tally === undefined) windows.set(windowStartMs, (tally = new Tally()));
    return tally;
  }

  usage(series: Series, windowStartMs: number, billed: BilledModel): Usage {
    let usages = this.#usages.get(series);
    if (usages === undefined) this.#usages.set(series, (usages = new Map()));
    const key = `${windowStartMs}\0${billed.bandFromTokens}\0${billed.model}`;
    let delta = usages.get(key);
    if (delta === undefined) usages.set(key, (delta = { series, windowStartMs, billed, usage: new Usage() }));
    return delta.usage;
  }

  /** One delta per (series, window), also where the dictionary handed out two objects for one series. */
  tallies(): TallyDelta[] {
    const merged = new Map<string, TallyDelta>();
    for (const [series, windows] of this.#bySeries) {
      for (const [windowStartMs, tally] of windows) {
        const key = `${windowStartMs}\0${seriesKey(series)}`;
        const known = merged.get(key);
        if (known === undefined) merged.set(key, { series, windowStartMs, tally });
        else addTally(known.tally, tally);
      }
    }
    return [...merged.values()];
  }

  usages(): UsageDelta[] {
    const merged = new Map<string, UsageDelta>();
    for (const [series, usages] of this.#usages) {
      for (const [billedKey, delta] of usages) {
        const key = `${billedKey}\0${seriesKey(series)}`;
        const known = merged.get(key);
        if (known === undefined) merged.set(key, delta);
        else addUsage(known.usage, delta.usage);
      }
    }
    return [...merged.values()];
  }
}
