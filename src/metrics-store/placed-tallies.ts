import type { TallyList } from '../tally/tally-list.ts';
import type { TallySummer } from '../tally/tally-summer.ts';
import { PieceWriter } from './dimension-piece.ts';
import { sortedBy } from './sorted-by.ts';

/** Tallies of one window, each with its series and its value in each of some dimensions, all by number. */
export class PlacedTallies {
  readonly #bytes: Uint8Array[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #seriesIds: number[] = [];
  /** By dimension. */
  readonly #values: readonly number[][];
  /** In the order of series, once it is asked for. */
  #bySeries: Int32Array | null = null;

  constructor(dimensionCount: number) {
    this.#values = Array.from({ length: dimensionCount }, () => []);
  }

  /** The caller adds as many values in each dimension. */
  add(seriesId: number, { bytes, ends }: TallyList): void {
    let start = 0;
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i] as number;
      this.#bytes.push(bytes);
      this.#starts.push(start);
      this.#ends.push(end);
      this.#seriesIds.push(seriesId);
      start = end;
    }
  }

  valuesOf(dimension: number): { push(value: number): void } {
    return this.#values[dimension] as number[];
  }

  /** By value and series, in their order, so that pieces are merged without being searched. */
  pieceOf(dimension: number, summer: TallySummer): Uint8Array {
    const values = this.#values[dimension] as readonly number[];
    const seriesIds = this.#seriesIds;
    this.#bySeries ??= sortedBy(seriesIds, Int32Array.from(seriesIds.keys()));
    const writer = new PieceWriter(summer);
    for (const place of sortedBy(values, this.#bySeries)) {
      writer.add(values[place] as number, seriesIds[place] as number, {
        bytes: this.#bytes[place] as Uint8Array,
        start: this.#starts[place] as number,
        end: this.#ends[place] as number,
      });
    }
    return writer.finish();
  }
}
