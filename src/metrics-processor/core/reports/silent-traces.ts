/**
 * Numbers of open traces by the slice of log time in which they were last heard of. Each stands in one slice; where it
 * stood before it is passed over.
 */
export class SilentTraces {
  readonly #slices = new Map<number, number[]>();
  /** By the traces' numbers. */
  #sliceOf = new Float64Array(0);

  get isEmpty(): boolean {
    return this.#slices.size === 0;
  }

  /** Infinity where nobody is silent. */
  get firstSlice(): number {
    return Math.min(...this.#slices.keys());
  }

  put(number: number, slice: number): void {
    if (number >= this.#sliceOf.length) {
      const longer = new Float64Array(Math.max(NUMBERS_MIN, Math.ceil(number * GROWTH))).fill(NOWHERE);
      longer.set(this.#sliceOf);
      this.#sliceOf = longer;
    }
    this.#sliceOf[number] = slice;
    const known = this.#slices.get(slice);
    if (known === undefined) this.#slices.set(slice, [number]);
    else known.push(number);
  }

  /** Slices that fulfil a condition, earliest first. */
  slices(isWanted: (slice: number) => boolean): readonly number[] {
    return [...this.#slices.keys()].filter(isWanted).sort((a, b) => a - b);
  }

  /** Takes out those that stand in a slice. */
  take(slice: number): readonly number[] {
    const found = this.#slices.get(slice) ?? [];
    this.#slices.delete(slice);
    return found.filter((number) => {
      if (this.#sliceOf[number] !== slice) return false;
      this.#sliceOf[number] = NOWHERE;
      return true;
    });
  }
}

const NOWHERE = -1;
const NUMBERS_MIN = 1024;
const GROWTH = 1.5;
