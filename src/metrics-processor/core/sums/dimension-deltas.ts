import type { DimensionDelta } from '../../../metrics-store/commit.ts';
import type { Series } from '../../../tally/series.ts';
import type { TallySink } from '../../../tally/tally.ts';
import { TallyListWriter } from '../../../tally/tally-list.ts';
import { TallyRows } from '../../../tally/tally-rows.ts';
import { TallySummer } from '../../../tally/tally-summer.ts';
import { HOUR_MS, MINUTE_MS, type ResolutionMs, windowStartMs } from '../../../tally/window.ts';
import { NONE } from '../join/record-pages.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { CallValues } from '../records/dimension-reader.ts';
import type { ValueTexts } from '../records/value-texts.ts';
import { ValueRows } from './value-rows.ts';

/** By what calls are summed beside their series, and how finely. */
export interface DimensionOptions {
  readonly names: readonly string[];
  /** Whether per minute as well; else per hour and day. */
  readonly areMinutesKept: boolean;
  /** So many of their texts are remembered at least; no result depends on it. */
  readonly textsMin?: number;
}

/** The memory in which calls are added up. */
export class DimensionSpace {
  /** What calls add, by the numbers that `valueRows` gives. */
  readonly rows = new TallyRows();
  readonly valueRows: ValueRows;
  readonly texts: ValueTexts;
  #summer: TallySummer | null = null;

  constructor(texts: ValueTexts, dimensionCount: number) {
    this.texts = texts;
    this.valueRows = new ValueRows(texts, dimensionCount);
  }

  clear(): void {
    this.rows.clear();
    this.valueRows.clear();
  }

  /** Made when it is needed first: without dimensions nothing is paid. */
  get summer(): TallySummer {
    return (this.#summer ??= new TallySummer());
  }
}

export const NO_DIMENSIONS: DimensionOptions = { names: [], areMinutesKept: false };

interface SeriesRows {
  readonly windows: Map<number, WindowRows>;
  /** The one that was asked for last: events come in order of time, more or less. */
  last: WindowRows;
}

/**
 * Sums per dimension, value, series and window since the last commit. A call is added once, to the row of all its
 * values together, and said once for all dimensions; what is of one value alone is the store's to add up.
 */
export class DimensionDeltas {
  readonly #names: readonly string[];
  readonly #windowMs: ResolutionMs;
  readonly #bySeries = new Map<Series, SeriesRows>();
  #windowCount = 0;
  readonly #space: DimensionSpace;

  /** @param space that nobody else uses until `deltas` was called: commits fill the same memory in turn */
  constructor({ names, areMinutesKept }: DimensionOptions, space: DimensionSpace) {
    this.#names = names;
    this.#windowMs = areMinutesKept ? MINUTE_MS : HOUR_MS;
    this.#space = space;
    space.clear();
  }

  /** How many rows there are. */
  get size(): number {
    return this.#space.rows.length;
  }

  /** What a call is added to; null where calls have no dimensions. Valid until the next. */
  of({ series, timestampMs, dimensions }: PendingRequest): TallySink | null {
    if (dimensions === null) return null;
    const window = this.#windowOf(series, timestampMs);
    return this.#space.rows.at(this.#rowIn(window, dimensions));
  }

  /** Stores add up what is of one value, series and window. */
  deltas(): DimensionDelta[] {
    const deltas: DimensionDelta[] = [];
    const texts = new UsedTexts(this.#space.texts);
    for (const [series, { windows }] of this.#bySeries) {
      for (const window of windows.values()) {
        const said = this.#said(window.rows, texts);
        if (said.values.length === 0) continue;
        const at = { series, windowStartMs: window.startMs, windowMs: this.#windowMs };
        deltas.push({ dimensions: this.#names, ...at, ...said });
      }
    }
    return deltas;
  }

  /** A loop by itself: V8 compiles anew what it leaves for a loop around it, at each commit. */
  #said(rows: readonly number[], texts: UsedTexts): Pick<DimensionDelta, 'texts' | 'values' | 'tallies'> {
    const values = new Int32Array(rows.length * this.#names.length);
    const tallies = new TallyListWriter(rows.length);
    let at = 0;
    for (const row of rows) {
      const sums = this.#space.summer.encodeRow(this.#space.rows, row);
      // What was added and taken back within one commit has not been.
      if (sums === null) continue;
      tallies.push(sums);
      this.#space.summer.wasCopied(sums);
      at = this.#writeValues(row, texts, values, at);
    }
    return { texts: texts.texts, values: values.subarray(0, at), tallies: tallies.list() };
  }

  #writeValues(row: number, texts: UsedTexts, into: Int32Array, start: number): number {
    const count = this.#names.length;
    for (let i = 0; i < count; i++) into[start + i] = texts.placeOf(this.#space.valueRows.valueOf(row, i));
    return start + count;
  }

  #rowIn(window: WindowRows, values: CallValues): number {
    const { rows, valueRows } = this.#space;
    const known = valueRows.find(window.number, values);
    if (known !== NONE) return known;
    window.rows.push(rows.add());
    return valueRows.add(window.number, values);
  }

  #windowOf(series: Series, timestampMs: number): WindowRows {
    const known = this.#bySeries.get(series);
    if (known !== undefined && timestampMs >= known.last.startMs && timestampMs < known.last.endMs) return known.last;
    const startMs = windowStartMs(timestampMs, this.#windowMs);
    let window = known?.windows.get(startMs);
    if (window === undefined) {
      window = { number: this.#windowCount++, startMs, endMs: startMs + this.#windowMs, rows: [] };
    }
    if (known === undefined) {
      this.#bySeries.set(series, { windows: new Map([[startMs, window]]), last: window });
    } else {
      known.windows.set(startMs, window);
      known.last = window;
    }
    return window;
  }
}

/** The rows of one series and window. */
interface WindowRows {
  readonly number: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: number[];
}

/** The texts of a commit's values, each once: those of `ValueTexts` may be forgotten before it is written. */
class UsedTexts {
  readonly texts: string[] = [];
  readonly #all: ValueTexts;
  /** By number; 0 for none yet, else the place behind it. */
  readonly #placesBehind: Int32Array;

  constructor(all: ValueTexts) {
    this.#all = all;
    this.#placesBehind = new Int32Array(all.numbersEnd);
  }

  placeOf(number: number): number {
    const known = this.#placesBehind[number] as number;
    if (known > 0) return known - 1;
    this.#placesBehind[number] = this.texts.push(this.#all.textOf(number));
    return this.texts.length - 1;
  }
}
