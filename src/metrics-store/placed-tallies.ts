import type { TallyList } from '../tally/tally-list.ts';
import type { DimensionDelta } from './commit.ts';
import type { PieceWriter } from './dimension-piece.ts';
import { sortedBy } from './sorted-by.ts';

const UNKNOWN = -1;

/** The numbers of texts by their place in a list, each asked for when it is wanted first. */
export class TextNumbers {
  readonly #texts: readonly string[];
  readonly #numberOf: (text: string) => number;
  readonly #numbers: Float64Array;

  constructor(texts: readonly string[], numberOf: (text: string) => number) {
    this.#texts = texts;
    this.#numberOf = numberOf;
    this.#numbers = new Float64Array(texts.length).fill(UNKNOWN);
  }

  at(place: number): number {
    const known = this.#numbers[place] as number;
    return known === UNKNOWN ? (this.#numbers[place] = this.#numberOf(this.#texts[place] as string)) : known;
  }
}

/** What one delta says of the window, by number. */
interface Part {
  readonly seriesId: number;
  readonly tallies: TallyList;
  /** Of each tally, by dimension. */
  readonly values: readonly Float64Array[];
}

/** Tallies of one window, each with its series and its value in each of some dimensions, all by number. */
export class PlacedTallies {
  readonly #parts: Part[] = [];
  #length = 0;
  /** Once pieces are asked for. */
  #entries: Entries | null = null;

  /** @param numbers of the delta's texts, by dimension */
  add(seriesId: number, { tallies, values }: DimensionDelta, numbers: readonly TextNumbers[]): void {
    const ofDimensions = numbers.map((ofDimension, dimension) => {
      const found = new Float64Array(tallies.ends.length);
      for (let i = 0; i < found.length; i++) {
        found[i] = ofDimension.at(values[i * numbers.length + dimension] as number);
      }
      return found;
    });
    this.#parts.push({ seriesId, tallies, values: ofDimensions });
    this.#length += tallies.ends.length;
  }

  /** By value and series, in their order, so that pieces are merged without being searched. */
  pieceOf(dimension: number, writer: PieceWriter): Uint8Array {
    this.#entries ??= new Entries(this.#parts, this.#length);
    writer.begin();
    this.#entries.writeBy(this.#valuesOf(dimension), writer);
    return writer.finish();
  }

  #valuesOf(dimension: number): Float64Array {
    const values = new Float64Array(this.#length);
    let place = 0;
    for (const part of this.#parts) {
      const ofDimension = part.values[dimension] as Float64Array;
      values.set(ofDimension, place);
      place += ofDimension.length;
    }
    return values;
  }
}

/** The tallies of all parts one after the other. */
class Entries {
  readonly #bytes: Uint8Array;
  readonly #ends: Int32Array;
  readonly #seriesIds: Float64Array;
  /** Their places in the order of series. */
  readonly #bySeries: Int32Array;

  constructor(parts: readonly Part[], length: number) {
    this.#ends = new Int32Array(length);
    this.#seriesIds = new Float64Array(length);
    this.#bytes = new Uint8Array(parts.reduce((sum, { tallies }) => sum + tallies.bytes.length, 0));
    let place = 0;
    let start = 0;
    for (const { seriesId, tallies } of parts) {
      this.#bytes.set(tallies.bytes, start);
      this.#seriesIds.fill(seriesId, place, place + tallies.ends.length);
      this.#addEnds(tallies.ends, place, start);
      start += tallies.bytes.length;
      place += tallies.ends.length;
    }
    this.#bySeries = sortedBy(this.#seriesIds, firstPlaces(length));
  }

  /** In the order of their values, and of series among those of one value. */
  writeBy(values: Float64Array, writer: PieceWriter): void {
    const [places, ends, seriesIds] = [sortedBy(values, this.#bySeries), this.#ends, this.#seriesIds];
    const tally = { bytes: this.#bytes, start: 0, end: 0 };
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      tally.start = place === 0 ? 0 : (ends[place - 1] as number);
      tally.end = ends[place] as number;
      writer.add(values[place] as number, seriesIds[place] as number, tally);
    }
  }

  #addEnds(ends: ArrayLike<number>, place: number, start: number): void {
    for (let i = 0; i < ends.length; i++) this.#ends[place + i] = start + (ends[i] as number);
  }
}

/** By a loop, as an iterator says each of them in an object. */
function firstPlaces(length: number): Int32Array {
  const places = new Int32Array(length);
  for (let i = 0; i < length; i++) places[i] = i;
  return places;
}
