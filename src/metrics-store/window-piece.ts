import { TallySummer } from '../tally/tally-summer.ts';
import { DAY_MS, RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../tally/window.ts';
import type { DimensionDelta } from './commit.ts';
import { mergePieces } from './dimension-piece.ts';
import { PlacedTallies } from './placed-tallies.ts';

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

/** Where a delta is added up. */
export interface DeltaPlace {
  readonly tenantKey: number;
  readonly seriesId: number;
  /** Numbers the values, by dimension. */
  readonly numbersOf: readonly ((value: string) => number)[];
}

export function piecesOf(
  deltas: readonly DimensionDelta[],
  placeOf: (delta: DimensionDelta, dayStartMs: number) => DeltaPlace,
): readonly WindowPiece[] {
  const all = new Map<string, PlacedWindow>();
  for (const delta of deltas) {
    const { tenantKey, seriesId, numbersOf } = placeOf(delta, windowStartMs(delta.windowStartMs, DAY_MS));
    const placed = placedTallies(all, tenantKey, delta);
    placed.add(seriesId, delta.tallies);
    for (const [i, numberOf] of numbersOf.entries()) {
      const numbers = placed.valuesOf(i);
      for (const values of delta.values) numbers.push(numberOf(values[i] as string));
    }
  }
  return windowPieces(all.values());
}

interface PlacedWindow extends Omit<Window, 'dimension'> {
  readonly dimensions: readonly string[];
  readonly placed: PlacedTallies;
}

/** Those of the delta's window and dimensions. */
function placedTallies(all: Map<string, PlacedWindow>, tenantKey: number, delta: DimensionDelta): PlacedTallies {
  const { dimensions, windowMs, windowStartMs: startMs } = delta;
  const key = `${windowMs} ${startMs} ${tenantKey} ${dimensions.join('\0')}`;
  const known = all.get(key);
  if (known !== undefined) return known.placed;
  const placed = new PlacedTallies(dimensions.length);
  all.set(key, { tenantKey, dimensions, windowMs, windowStartMs: startMs, placed });
  return placed;
}

function windowPieces(placedWindows: Iterable<PlacedWindow>): readonly WindowPiece[] {
  const windows = new Windows();
  const summer = new TallySummer();
  for (const { dimensions, placed, ...window } of placedWindows) {
    for (const [i, dimension] of dimensions.entries()) windows.add({ ...window, dimension }, placed.pieceOf(i, summer));
  }
  return windows.pieces(summer);
}

/** The windows that are added to. */
class Windows {
  readonly #windows = new Map<string, WindowSums>();

  add(window: Window, piece: Uint8Array): void {
    this.#at(window).own.push(piece);
  }

  pieces(summer: TallySummer): readonly WindowPiece[] {
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
  readonly own: Uint8Array[] = [];
  /** Shorter windows in it. */
  readonly parts: WindowSums[] = [];
  #encoded: Uint8Array | null = null;

  constructor(at: Window) {
    this.at = at;
  }

  /** The day of a commit that was all within one hour is the same bytes as the hour. */
  encode(summer: TallySummer): Uint8Array {
    if (this.#encoded === null) {
      const pieces = [...this.own, ...this.parts.map((part) => part.encode(summer))];
      const [only] = pieces;
      this.#encoded = only !== undefined && pieces.length === 1 ? only : mergePieces(pieces, summer);
    }
    return this.#encoded;
  }
}
