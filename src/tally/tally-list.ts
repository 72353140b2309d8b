import type { EncodedTally } from './encoded-tally.ts';

/** Encoded tallies one after the other, by their number, without an object for each. */
export interface TallyList {
  readonly bytes: Uint8Array;
  /** Where each ends, and the next begins. */
  readonly ends: ArrayLike<number>;
}

const BYTES_MIN = 1024;
/** Of a call's tally, about. */
const TALLY_BYTES = 56;

export class TallyListWriter {
  #bytes: Uint8Array;
  #length = 0;
  readonly #ends: number[] = [];

  /** @param expected about how many there will be */
  constructor(expected = 0) {
    this.#bytes = new Uint8Array(Math.max(BYTES_MIN, TALLY_BYTES * expected));
  }

  push({ bytes, start, end }: EncodedTally): void {
    if (this.#length + end - start > this.#bytes.length) this.#grow(end - start);
    const into = this.#bytes;
    let at = this.#length;
    // They are some fifty: `set` takes longer.
    for (let i = start; i < end; i++) into[at++] = bytes[i] as number;
    this.#length = at;
    this.#ends.push(at);
  }

  list(): TallyList {
    return { bytes: this.#bytes.subarray(0, this.#length), ends: this.#ends };
  }

  #grow(more: number): void {
    const grown = new Uint8Array(2 * (this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
