import type { Series } from '../../../tally/series.ts';

/** Small numbers that stand for series in the columns of `RecordPages`. A number is given anew when nobody holds it. */
export class SeriesSlots {
  readonly #series: (Series | undefined)[] = [];
  readonly #holders: number[] = [];
  readonly #slots = new Map<Series, number>();
  readonly #free: number[] = [];

  /** The number of a series, held once more. */
  hold(series: Series): number {
    let slot = this.#slots.get(series);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#series.length;
      this.#slots.set(series, slot);
      this.#series[slot] = series;
      this.#holders[slot] = 0;
    }
    this.#holders[slot] = (this.#holders[slot] as number) + 1;
    return slot;
  }

  at(slot: number): Series {
    return this.#series[slot] as Series;
  }

  release(slot: number): void {
    const holders = (this.#holders[slot] as number) - 1;
    this.#holders[slot] = holders;
    if (holders > 0) return;
    this.#slots.delete(this.at(slot));
    this.#series[slot] = undefined;
    this.#free.push(slot);
  }

  /** How many different series are held. */
  get size(): number {
    return this.#slots.size;
  }
}
