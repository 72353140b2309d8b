import type { TallyDelta, UsageDelta } from '../../../metrics-store/commit.ts';
import { CountedUsage, CountedWindow } from '../../../metrics-store/counted-window.ts';
import { storableNameOf } from '../../../metrics-store/fold-commit.ts';
import { type Series, seriesKey } from '../../../tally/series.ts';
import type { TallySink } from '../../../tally/tally.ts';
import type { BilledModel, UsageSink } from '../../../tally/usage.ts';
import { MINUTE_MS } from '../../../tally/window.ts';
import { WindowCodec } from '../../../tally/window-codec.ts';
import { NO_USAGE, WindowRows } from '../../../tally/window-rows.ts';
import { WindowSums } from '../../../tally/window-sums.ts';

/** The memory in which calls are added up, and what writes the sums. */
export class DeltaSpace {
  readonly rows = new WindowRows();
  readonly sums = new WindowSums();
  readonly codec = new WindowCodec();
}

/** What is billed, with its name beside those of the series. */
interface Billed {
  readonly billed: BilledModel;
  readonly name: string;
}

interface SeriesWindows {
  readonly series: Series;
  /** Rows by minutes since the epoch: as milliseconds they would be objects to V8. */
  readonly rows: Map<number, number>;
  /** The one that was asked for last: events come in order of time, more or less. */
  lastMinute: number;
  lastRow: number;
  /** Usages know it by its place. */
  readonly billed: Billed[];
}

/** What one window adds to one series. */
export class WindowDelta {
  readonly #rows: WindowRows;
  #series: SeriesWindows | null = null;
  #row = 0;

  constructor(rows: WindowRows) {
    this.#rows = rows;
  }

  moveTo(series: SeriesWindows, row: number): void {
    this.#series = series;
    this.#row = row;
  }

  /** Valid until the next is asked for, as is a usage. */
  get tally(): TallySink {
    return this.#rows.tally(this.#row);
  }

  /** By billed model: hardly ever more than one, since a series has a model already. */
  usage(billed: BilledModel): UsageSink {
    const rows = this.#rows;
    const known = (this.#series as SeriesWindows).billed;
    for (let usage = rows.firstUsage(this.#row); usage !== NO_USAGE; usage = rows.nextUsage(usage)) {
      if (isSameBilled((known[rows.billedOf(usage)] as Billed).billed, billed)) return rows.usage(usage);
    }
    return rows.usage(rows.addUsage(this.#row, numberOf(billed, this.#series as SeriesWindows)));
  }
}

/** Sums per (series, window) since the last commit: however many events, one delta each. */
export class Deltas {
  readonly #space: DeltaSpace;
  readonly #bySeries = new Map<Series, SeriesWindows>();
  /** The dictionary may hand out two objects for one series. */
  readonly #byKey = new Map<string, SeriesWindows>();
  readonly #delta: WindowDelta;

  /** @param space that nobody else uses until `cut` was called: commits fill the same memory in turn */
  constructor(space: DeltaSpace) {
    this.#space = space;
    this.#delta = new WindowDelta(space.rows);
    space.rows.clear();
  }

  /** Valid until the next one is asked for. */
  at(series: Series, windowStartMs: number): WindowDelta {
    const windows = this.#bySeries.get(series) ?? this.#open(series);
    const minute = windowStartMs / MINUTE_MS;
    if (windows.lastMinute !== minute) {
      let row = windows.rows.get(minute);
      if (row === undefined) windows.rows.set(minute, (row = this.#space.rows.add()));
      windows.lastMinute = minute;
      windows.lastRow = row;
    }
    this.#delta.moveTo(windows, windows.lastRow);
    return this.#delta;
  }

  /** One tally per (series, window), and its usages. */
  cut(): { readonly tallies: TallyDelta[]; readonly usages: UsageDelta[] } {
    const cut = new CutWindows(this.#space);
    for (const windows of this.#byKey.values()) cut.add(windows);
    return cut.finish();
  }

  #open(series: Series): SeriesWindows {
    const key = seriesKey(series);
    let windows = this.#byKey.get(key);
    if (windows === undefined) {
      windows = { series, rows: new Map(), lastMinute: Number.NaN, lastRow: 0, billed: [] };
      this.#byKey.set(key, windows);
    }
    this.#bySeries.set(series, windows);
    return windows;
  }
}

/** Writes the windows of a commit one after the other. */
class CutWindows {
  readonly #space: DeltaSpace;
  readonly #windows: { bytes: Uint8Array; readonly codec: WindowCodec };
  #length = 0;
  readonly #tallies: TallyDelta[] = [];
  readonly #usages: UsageDelta[] = [];

  constructor(space: DeltaSpace) {
    this.#space = space;
    this.#windows = { bytes: new Uint8Array(BYTES_PER_WINDOW * space.rows.length), codec: space.codec };
  }

  /** A loop by itself: V8 compiles anew what it leaves for a loop around it, at each commit. */
  add({ series, rows, billed }: SeriesWindows): void {
    const { sums, codec, rows: windowRows } = this.#space;
    const nameOf = (number: number): string => (billed[number] as Billed).name;
    for (const [minute, row] of rows) {
      windowRows.read(row, sums, nameOf);
      const start = this.#length;
      this.#append(codec.encodeSums(sums));
      const at = { series, windowStartMs: minute * MINUTE_MS, start, end: this.#length };
      const window = new CountedWindow(this.#windows, at);
      // What was added and taken back within one commit has not been.
      if (!sums.isTallyEmpty) this.#tallies.push(window);
      const { writtenUsageCount } = sums;
      for (let index = 0; index < writtenUsageCount; index++) this.#usages.push(new CountedUsage(window, index));
    }
  }

  finish(): { readonly tallies: TallyDelta[]; readonly usages: UsageDelta[] } {
    return { tallies: this.#tallies, usages: this.#usages };
  }

  #append(window: Uint8Array): void {
    const windows = this.#windows;
    if (this.#length + window.length > windows.bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + window.length));
      grown.set(windows.bytes.subarray(0, this.#length));
      windows.bytes = grown;
    }
    // They are some twenty: `set` takes longer.
    for (let i = 0; i < window.length; i++) windows.bytes[this.#length++] = window[i] as number;
  }
}

/** Of one call, about. */
const BYTES_PER_WINDOW = 32;

function numberOf(billed: BilledModel, { series, billed: known }: SeriesWindows): number {
  const last = known.length - 1;
  if (last >= 0 && isSameBilled((known[last] as Billed).billed, billed)) return last;
  const { provider, model, bandFromTokens, serviceTier, reportedBy } = billed;
  const added = { provider, model, bandFromTokens, serviceTier, reportedBy };
  known.push({ billed: added, name: storableNameOf(added, series) });
  return known.length - 1;
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
