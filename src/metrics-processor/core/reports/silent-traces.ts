import { NumberColumn } from '../../../reports/asleep/number-column.ts';

/**
 * Numbers of open traces by the slice of log time in which they were last heard of. Each stands in one slice; where it
 * stood before it is passed over.
 */
export class SilentTraces {
  readonly #slices = new Map<number, NumberList>();
  /** By the traces' numbers, what is left of a slice in 32 bits. */
  readonly #sliceOf = new NumberColumn(NOWHERE);

  get isEmpty(): boolean {
    return this.#slices.size === 0;
  }

  /** Infinity where nobody is silent. */
  get firstSlice(): number {
    return Math.min(...this.#slices.keys());
  }

  put(number: number, slice: number): void {
    this.#sliceOf.set(number, shortened(slice));
    let numbers = this.#slices.get(slice);
    if (numbers === undefined) this.#slices.set(slice, (numbers = new NumberList()));
    numbers.push(number);
  }

  /** Slices that fulfil a condition, earliest first. */
  slices(isWanted: (slice: number) => boolean): readonly number[] {
    return [...this.#slices.keys()].filter(isWanted).sort((a, b) => a - b);
  }

  /** Takes out those that stand in a slice. */
  take(slice: number): readonly number[] {
    const found = [...(this.#slices.get(slice)?.all ?? [])];
    this.#slices.delete(slice);
    return found.filter((number) => {
      if (this.#sliceOf.at(number) !== shortened(slice)) return false;
      this.#sliceOf.set(number, NOWHERE);
      return true;
    });
  }
}

/** Four bytes each, and none of them among what the garbage collector walks through. */
class NumberList {
  #numbers = new Int32Array(LIST_MIN);
  #count = 0;

  push(number: number): void {
    if (this.#count === this.#numbers.length) {
      const longer = new Int32Array(this.#count * 2);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#count++] = number;
  }

  get all(): Int32Array {
    return this.#numbers.subarray(0, this.#count);
  }
}

const LIST_MIN = 16;
const NOWHERE = -1;

/** What is alike lies 24 days apart at least; whoever takes a slice looks when each was heard of. */
function shortened(slice: number): number {
  return slice % SHORT_SLICES;
}

const SHORT_SLICES = 2 ** 31;
