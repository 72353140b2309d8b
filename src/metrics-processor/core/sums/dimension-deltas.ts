import type { DimensionDelta } from '../../../metrics-store/commit.ts';
import type { Series } from '../../../tally/series.ts';
import type { TallySink } from '../../../tally/tally.ts';
import { TallyListWriter } from '../../../tally/tally-list.ts';
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

/** No two windows of a shard's commits have the same. */
export interface WindowIds {
  next: number;
}

/** The memory in which calls are added up. */
export class DimensionSpace {
  readonly rows = new TallyRows();
  readonly windowIds: WindowIds;
  #summer: TallySummer | null = null;

  constructor(windowIds: WindowIds) {
    this.windowIds = windowIds;
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
  readonly #rows: TallyRows;
  /** By id, from the first. */
  readonly #windows: WindowRows[] = [];
  readonly #firstWindowId: number;
  readonly #space: DimensionSpace;

  /** @param space that nobody else uses until `deltas` was called: commits fill the same memory in turn */
  constructor({ names, areMinutesKept }: DimensionOptions, space: DimensionSpace) {
    this.#names = names;
    this.#windowMs = areMinutesKept ? MINUTE_MS : HOUR_MS;
    this.#space = space;
    this.#firstWindowId = space.windowIds.next;
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
    const window = this.#windowOf(series, windowStartMs(timestampMs, this.#windowMs));
    return this.#rows.at(dimensions.windowId === window.id ? dimensions.row : this.#rowIn(window, dimensions));
  }

  /** Stores add up what is of one value, series and window. */
  deltas(): DimensionDelta[] {
    const deltas: DimensionDelta[] = [];
    const dimensions = this.#names;
    const windowMs = this.#windowMs;
    for (const [series, { windows }] of this.#bySeries) {
      for (const { startMs, values: all, rows } of windows.values()) {
        const values: (readonly string[])[] = [];
        const tallies = new TallyListWriter();
        for (let i = 0; i < rows.length; i++) {
          const sums = this.#space.summer.encodeRow(this.#rows, rows[i] as number);
          // What was added and taken back within one commit has not been.
          if (sums === null) continue;
          values.push((all[i] as DimensionValues).texts);
          tallies.push(sums);
        }
        const window = { windowStartMs: startMs, windowMs };
        if (values.length > 0) deltas.push({ dimensions, series, ...window, values, tallies: tallies.list() });
      }
    }
    return deltas;
  }

  /** The values remember where they were added last. Who had that before finds its row by a map from now on. */
  #rowIn(window: WindowRows, values: DimensionValues): number {
    this.#windows[values.windowId - this.#firstWindowId]?.passed.set(values, values.row);
    let row = window.passed.get(values);
    if (row === undefined) {
      row = this.#rows.add();
      window.values.push(values);
      window.rows.push(row);
    }
    values.windowId = window.id;
    values.row = row;
    return row;
  }

  #windowOf(series: Series, startMs: number): WindowRows {
    const known = this.#bySeries.get(series);
    if (known?.last.startMs === startMs) return known.last;
    let window = known?.windows.get(startMs);
    if (window === undefined) this.#windows.push((window = new WindowRows(this.#space.windowIds.next++, startMs)));
    if (known === undefined) {
      this.#bySeries.set(series, { windows: new Map([[startMs, window]]), last: window });
    } else {
      known.windows.set(startMs, window);
      known.last = window;
    }
    return window;
  }
}

/**
 * The rows of one series and window, by the values that calls have in all dimensions together. A call's values are
 * hardly ever those of another, so a map of all would be as large as the commit, to find nothing but the row of the
 * request when its answer comes.
 */
class WindowRows {
  readonly id: number;
  readonly startMs: number;
  readonly values: DimensionValues[] = [];
  /** Of the values at the same place. */
  readonly rows: number[] = [];
  /** Of values that were added elsewhere since. */
  readonly passed = new Map<DimensionValues, number>();

  constructor(id: number, startMs: number) {
    this.id = id;
    this.startMs = startMs;
  }
}
