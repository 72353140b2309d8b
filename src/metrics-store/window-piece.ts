import type { EncodedTally } from '../tally/encoded-tally.ts';
import { TallySummer } from '../tally/tally-summer.ts';
import { DAY_MS, RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../tally/window.ts';
import type { DimensionDelta } from './commit.ts';
import { encodeSorted, type PlacedSums } from './dimension-piece.ts';

/** What a commit adds to one window. */
export interface WindowPiece extends Window {
  readonly sums: Uint8Array;
}

interface Window {
  readonly tenantKey: number;
  readonly dimension: string;
  readonly windowMs: ResolutionMs;
  readonly windowStartMs: number;
}

/** Deltas in a row that differ in nothing but their value, as most do that come one after the other. */
export type DeltaRun = Pick<DimensionDelta, 'series' | 'dimension' | 'windowStartMs' | 'windowMs'>;

/** Where the values of a run are added up. */
export interface RunPlace {
  readonly tenantKey: number;
  readonly seriesId: number;
  valueOf(value: string): number;
}

/** @param placeOf asked once for each run */
export function piecesOf(
  deltas: readonly DimensionDelta[],
  placeOf: (run: DeltaRun, dayStartMs: number) => RunPlace,
): readonly WindowPiece[] {
  const windows = new Windows();
  let run: DeltaRun | null = null;
  let place: RunPlace | null = null;
  let entries: PlacedSums[] = [];
  for (const delta of deltas) {
    if (run === null || place === null || !isOfRun(delta, run)) {
      run = delta;
      place = placeOf(delta, windowStartMs(delta.windowStartMs, DAY_MS));
      entries = windows.of(place.tenantKey, delta).entries;
    }
    const { bytes, start, end }: EncodedTally = delta.sums;
    entries.push({ value: place.valueOf(delta.value), seriesId: place.seriesId, bytes, start, end });
  }
  return windows.pieces();
}

function isOfRun(delta: DeltaRun, run: DeltaRun): boolean {
  return (
    delta.series === run.series &&
    delta.dimension === run.dimension &&
    delta.windowStartMs === run.windowStartMs &&
    delta.windowMs === run.windowMs
  );
}

/** The windows that a commit adds to. */
class Windows {
  readonly #windows = new Map<string, WindowSums>();

  /** The one that a run is of. */
  of(tenantKey: number, { dimension, windowMs, windowStartMs: startMs }: DeltaRun): WindowSums {
    return this.#at({ tenantKey, dimension, windowMs, windowStartMs: startMs });
  }

  pieces(): readonly WindowPiece[] {
    const summer = new TallySummer();
    return Array.from(this.#windows.values(), (window) => ({ ...window.at, sums: window.encode(summer) }));
  }

  /** With all longer ones, which have what it has. */
  #at(window: Window): WindowSums {
    const key = `${window.windowMs} ${window.windowStartMs} ${window.tenantKey} ${window.dimension}`;
    let found = this.#windows.get(key);
    if (found === undefined) {
      found = new WindowSums(window);
      this.#windows.set(key, found);
      const longerMs = RESOLUTIONS_MS.find((sizeMs) => sizeMs > window.windowMs);
      if (longerMs !== undefined) {
        const startMs = windowStartMs(window.windowStartMs, longerMs);
        this.#at({ ...window, windowMs: longerMs, windowStartMs: startMs }).parts.push(found);
      }
    }
    return found;
  }
}

class WindowSums {
  readonly at: Window;
  readonly entries: PlacedSums[] = [];
  /** Shorter windows in it. */
  readonly parts: WindowSums[] = [];
  #encoded: Uint8Array | null = null;

  constructor(at: Window) {
    this.at = at;
  }

  /** The day of a commit that was all within one hour is the same bytes as the hour. */
  encode(summer: TallySummer): Uint8Array {
    const [part] = this.parts;
    const isPart = this.entries.length === 0 && this.parts.length === 1;
    this.#encoded ??= isPart && part !== undefined ? part.encode(summer) : encodeSorted(this.#all(), summer);
    return this.#encoded;
  }

  #all(): PlacedSums[] {
    return this.parts.length === 0 ? this.entries : [...this.entries, ...this.parts.flatMap((part) => part.#all())];
  }
}
