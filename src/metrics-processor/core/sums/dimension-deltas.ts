import type { DimensionDelta } from '../../../metrics-store/commit.ts';
import type { EncodedTally } from '../../../tally/encoded-tally.ts';
import type { Series } from '../../../tally/series.ts';
import type { TallySink } from '../../../tally/tally.ts';
import { TallyRows } from '../../../tally/tally-rows.ts';
import { TallySummer } from '../../../tally/tally-summer.ts';
import { HOUR_MS, MINUTE_MS, type ResolutionMs, windowStartMs } from '../../../tally/window.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { DimensionValues } from '../records/dimension-reader.ts';

/** By what calls are summed beside their series, and how finely. */
export interface DimensionOptions {
  readonly names: readonly string[];
  /** Whether per minute as well; else per hour and day. */
  readonly areMinutesKept: boolean;
}

/** The memory in which calls are added up. */
export class DimensionSpace {
  readonly rows = new TallyRows();
  #summer: TallySummer | null = null;

  /** Made when it is needed first: without dimensions nothing is paid. */
  get summer(): TallySummer {
    return (this.#summer ??= new TallySummer());
  }
}

export const NO_DIMENSIONS: DimensionOptions = { names: [], areMinutesKept: false };

/** The rows of one series and window, by the values that calls have in all dimensions together. */
interface WindowRows {
  readonly startMs: number;
  readonly rows: Map<DimensionValues, number>;
}

interface SeriesRows {
  readonly windows: Map<number, WindowRows>;
  /** The one that was asked for last: events come in order of time, more or less. */
  last: WindowRows;
}

/**
 * Sums per dimension, value, series and window since the last commit. A call is added once, to the row of all its
 * values together; what is of one value alone is added up when the commit is cut. So of a user who has a team and an
 * application hardly more is done than of the user, and where hardly two calls are alike, each is encoded once for all
 * dimensions in which it is alone.
 */
export class DimensionDeltas {
  readonly #names: readonly string[];
  readonly #windowMs: ResolutionMs;
  readonly #bySeries = new Map<Series, SeriesRows>();
  readonly #rows: TallyRows;
  readonly #space: DimensionSpace;

  /** @param space that nobody else uses until `deltas` was called: commits fill the same memory in turn */
  constructor({ names, areMinutesKept }: DimensionOptions, space: DimensionSpace) {
    this.#names = names;
    this.#windowMs = areMinutesKept ? MINUTE_MS : HOUR_MS;
    this.#space = space;
    this.#rows = space.rows;
    this.#rows.clear();
  }

  /** How many rows there are. */
  get size(): number {
    return this.#rows.length;
  }

  /** What a call is added to; null where calls have no dimensions. Valid until the next. */
  of({ series, timestampMs, dimensions }: PendingRequest): TallySink | null {
    if (dimensions === null) return null;
    const { rows } = this.#windowOf(series, windowStartMs(timestampMs, this.#windowMs));
    let row = rows.get(dimensions);
    if (row === undefined) rows.set(dimensions, (row = this.#rows.add()));
    return this.#rows.at(row);
  }

  /**
   * Stores add up what is of one value, series and window, should the dictionary have handed out two objects for one.
   */
  deltas(): DimensionDelta[] {
    const deltas: DimensionDelta[] = [];
    const alone: Alone = [];
    const groups = new Map<string, number>();
    const next = new Int32Array(this.#rows.length);
    for (const [series, { windows }] of this.#bySeries) {
      for (const { startMs, rows } of windows.values()) {
        for (const [index, dimension] of this.#names.entries()) {
          groupByValue(rows, index, { groups, next });
          for (const [value, first] of groups) {
            const sums = this.#sumsOf(first, next, alone);
            // What was added and taken back within one commit has not been.
            if (sums === null) continue;
            deltas.push({ dimension, value, series, windowStartMs: startMs, windowMs: this.#windowMs, sums });
          }
          groups.clear();
        }
      }
    }
    return deltas;
  }

  #sumsOf(first: number, next: Int32Array, alone: Alone): EncodedTally | null {
    const { summer } = this.#space;
    if (next[first] !== NO_ROW) {
      for (let row = first; row !== NO_ROW; row = next[row] as number) summer.addRow(this.#rows, row);
      return summer.take();
    }
    let sums = alone[first];
    if (sums === undefined) alone[first] = sums = summer.encodeRow(this.#rows, first);
    return sums;
  }

  #windowOf(series: Series, startMs: number): WindowRows {
    const known = this.#bySeries.get(series);
    if (known?.last.startMs === startMs) return known.last;
    let window = known?.windows.get(startMs);
    if (window === undefined) window = { startMs, rows: new Map() };
    if (known === undefined) {
      this.#bySeries.set(series, { windows: new Map([[startMs, window]]), last: window });
    } else {
      known.windows.set(startMs, window);
      known.last = window;
    }
    return window;
  }
}

/** What a row says by itself, by row. */
type Alone = (EncodedTally | null | undefined)[];

/** Stands after the last row of a group. */
const NO_ROW = -1;

/** The rows of each value: the last one, and for each which comes next. */
interface Groups {
  readonly groups: Map<string, number>;
  readonly next: Int32Array;
}

function groupByValue(rows: ReadonlyMap<DimensionValues, number>, index: number, { groups, next }: Groups): void {
  for (const [values, row] of rows) {
    const value = values[index] as string;
    next[row] = groups.get(value) ?? NO_ROW;
    groups.set(value, row);
  }
}
