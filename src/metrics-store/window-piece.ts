import { DAY_MS, HOUR_MS, RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../tally/window.ts';
import type { DimensionDelta } from './commit.ts';
import { onePiece, PieceWriter } from './dimension-piece.ts';
import { PlacedTallies, TextNumbers } from './placed-tallies.ts';

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

interface PieceOptions {
  readonly writer?: PieceWriter;
  readonly openHours?: TakesHours;
}

/** Takes what is added to hours that the store adds to their days later: that is in no piece of the days. */
interface TakesHours {
  takes(tenantKey: number, dimension: string, hourStartMs: number): boolean;
}

const NO_OPEN_HOURS: TakesHours = { takes: () => false };

export function piecesOf(
  deltas: readonly DimensionDelta[],
  placeOf: (delta: DimensionDelta, dayStartMs: number) => DeltaPlace,
  { writer = new PieceWriter(), openHours = NO_OPEN_HOURS }: PieceOptions = {},
): readonly WindowPiece[] {
  const all = new Map<string, PlacedWindow>();
  const numbered = new NumberedTexts();
  for (const delta of deltas) {
    const dayStartMs = windowStartMs(delta.windowStartMs, DAY_MS);
    const { tenantKey, seriesId, numbersOf } = placeOf(delta, dayStartMs);
    const numbers = delta.dimensions.map((dimension, i) => {
      const numberOf = numbersOf[i] as (value: string) => number;
      return numbered.in(`${tenantKey} ${dayStartMs} ${dimension}`, delta.texts, numberOf);
    });
    placedTallies(all, tenantKey, delta).add(seriesId, delta, numbers);
  }
  const windows = new Windows(openHours);
  for (const { dimensions, placed, ...window } of all.values()) {
    for (const [i, dimension] of dimensions.entries()) windows.add({ ...window, dimension }, placed.pieceOf(i, writer));
  }
  return windows.pieces(writer);
}

/** Deltas of one commit share their texts: each is numbered once in a dimension and day, instead of once a call. */
class NumberedTexts {
  readonly #known = new Map<readonly string[], Map<string, TextNumbers>>();

  /** @param day that the numbers are of, with its tenant and dimension */
  in(day: string, texts: readonly string[], numberOf: (value: string) => number): TextNumbers {
    let ofTexts = this.#known.get(texts);
    if (ofTexts === undefined) this.#known.set(texts, (ofTexts = new Map()));
    let numbers = ofTexts.get(day);
    if (numbers === undefined) ofTexts.set(day, (numbers = new TextNumbers(texts, numberOf)));
    return numbers;
  }
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
  const placed = new PlacedTallies();
  all.set(key, { tenantKey, dimensions, windowMs, windowStartMs: startMs, placed });
  return placed;
}

/** The windows that are added to. */
class Windows {
  readonly #windows = new Map<string, WindowSums>();
  readonly #openHours: TakesHours;

  constructor(openHours: TakesHours) {
    this.#openHours = openHours;
  }

  add(window: Window, piece: Uint8Array): void {
    this.#at(window).own.push(piece);
  }

  pieces(writer: PieceWriter): readonly WindowPiece[] {
    return Array.from(this.#windows.values(), (window) => ({ ...window.at, sums: window.encode(writer) }));
  }

  /** With all longer ones that have what it has. */
  #at(window: Window): WindowSums {
    const key = `${window.windowMs} ${window.windowStartMs} ${window.tenantKey} ${window.dimension}`;
    let found = this.#windows.get(key);
    if (found === undefined) {
      found = new WindowSums(window);
      this.#windows.set(key, found);
      const longerMs = this.#longerOf(window);
      if (longerMs !== undefined) {
        const startMs = windowStartMs(window.windowStartMs, longerMs);
        this.#at({ ...window, windowMs: longerMs, windowStartMs: startMs }).parts.push(found);
      }
    }
    return found;
  }

  #longerOf({ tenantKey, dimension, windowMs, windowStartMs: startMs }: Window): ResolutionMs | undefined {
    if (windowMs === HOUR_MS && this.#openHours.takes(tenantKey, dimension, startMs)) return undefined;
    return RESOLUTIONS_MS.find((sizeMs) => sizeMs > windowMs);
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
  encode(writer: PieceWriter): Uint8Array {
    if (this.#encoded === null) {
      const pieces = [...this.own, ...this.parts.map((part) => part.encode(writer))];
      this.#encoded = onePiece(pieces, writer);
    }
    return this.#encoded;
  }
}
