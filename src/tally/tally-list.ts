import type { EncodedTally } from './encoded-tally.ts';

/** Encoded tallies one after the other, by their number, without an object for each. */
export interface TallyList {
  readonly bytes: Uint8Array;
  /** Where each ends, and the next begins. */
  readonly ends: ArrayLike<number>;
}

const BYTES_MIN = 1024;
const TALLIES_MIN = 16;
/** Of a call's tally, about. */
const TALLY_BYTES = 56;

export class TallyListWriter {
  #bytes: Uint8Array;
  #length = 0;
  #ends: Int32Array;
  #count = 0;

  /** @param expected about how many there will be */
  constructor(expected = 0) {
    this.#bytes = new Uint8Array(Math.max(BYTES_MIN, TALLY_BYTES * expected));
    this.#ends = new Int32Array(Math.max(TALLIES_MIN, expected));
  }

  push({ bytes, start, end }: EncodedTally): void {
    if (this.#length + end - start > this.#bytes.length) this.#grow(end - start);
    const into = this.#bytes;
    let at = this.#length;
    // They are some fifty: `set` takes longer.
    for (let i = start; i < end; i++) into[at++] = bytes[i] as number;
    this.#length = at;
    if (this.#count === this.#ends.length) this.#ends = twice(this.#ends);
    this.#ends[this.#count++] = at;
  }

  list(): TallyList {
    return { bytes: this.#bytes.subarray(0, this.#length), ends: this.#ends.subarray(0, this.#count) };
  }

  #grow(more: number): void {
    const grown = new Uint8Array(2 * (this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function twice(ends: Int32Array): Int32Array {
  const grown = new Int32Array(2 * ends.length);
  grown.set(ends);
  return grown;
}
