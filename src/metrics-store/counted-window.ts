import { billedOfName } from '../tally/billed-name.ts';
import type { Series } from '../tally/series.ts';
import { Tally } from '../tally/tally.ts';
import type { BilledModel, Usage } from '../tally/usage.ts';
import type { NamedUsage, WindowCodec } from '../tally/window-codec.ts';
import type { TallyDelta, UsageDelta } from './commit.ts';

/** Windows of a commit one after the other, as `window-codec.ts` has them. */
export interface EncodedWindows {
  readonly bytes: Uint8Array;
  readonly codec: WindowCodec;
}

interface Counted {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly start: number;
  readonly end: number;
}

/**
 * What a commit adds to a window of a series, as bytes: some twenty for a call, where its tally and usage are some
 * fifty objects. Names of billed models are storable, and told beside those of the series. Stores that keep such bytes
 * take them as they are; to others it is a `TallyDelta`, whose tally is made each time that it is asked for.
 */
export class CountedWindow implements TallyDelta {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly windows: EncodedWindows;
  readonly start: number;
  readonly end: number;

  constructor(windows: EncodedWindows, { series, windowStartMs, start, end }: Counted) {
    this.windows = windows;
    this.series = series;
    this.windowStartMs = windowStartMs;
    this.start = start;
    this.end = end;
  }

  get tally(): Tally {
    const tally = new Tally();
    this.addTo(tally);
    return tally;
  }

  addTo(into: Tally): void {
    const { windows, start, end } = this;
    windows.codec.addTallyTo(into, windows.bytes.subarray(start, end));
  }

  /** The bytes, until that codec is used again. */
  copyBy(codec: WindowCodec): Uint8Array {
    return codec.copy(this.windows.bytes, this.start, this.end);
  }

  get usages(): readonly NamedUsage[] {
    const { windows, start, end } = this;
    return windows.codec.usagesOf(windows.bytes.subarray(start, end));
  }
}

/** One of a window's usages. */
export class CountedUsage implements UsageDelta {
  readonly window: CountedWindow;
  readonly index: number;
  /** Made when it is asked for. */
  #named: NamedUsage | null = null;

  constructor(window: CountedWindow, index: number) {
    this.window = window;
    this.index = index;
  }

  get series(): Series {
    return this.window.series;
  }

  get windowStartMs(): number {
    return this.window.windowStartMs;
  }

  get billed(): BilledModel {
    return billedOfName(this.#read().billed, this.series);
  }

  get usage(): Usage {
    return this.#read().usage;
  }

  #read(): NamedUsage {
    return (this.#named ??= this.window.usages[this.index] as NamedUsage);
  }
}
