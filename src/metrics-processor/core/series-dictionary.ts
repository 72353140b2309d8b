import { type Series, seriesKey } from '../../tally/series.ts';

/** Beyond this many the dictionary starts again: sharing is a saving, not a promise. */
const SERIES_MAX = 100_000;

/** One object per series, so that deltas can be found by identity and waiting calls share it. */
export class SeriesDictionary {
  readonly #series = new Map<string, Series>();

  of(series: Series): Series {
    const key = seriesKey(series);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= SERIES_MAX) this.#series.clear();
    this.#series.set(key, series);
    return series;
  }
}
