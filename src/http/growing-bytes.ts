import type { BodyLease } from './body-budget.ts';

const CAPACITY_BYTES_MIN = 64 * 1024;

/**
 * Gathers the parts of a body in one piece of memory. A list of parts would cost a hundred bytes for each, and a sender
 * can make every part a single byte.
 */
export class GrowingBytes {
  readonly #lease: BodyLease;
  readonly #lengthMax: number;
  #bytes: Buffer = EMPTY;
  #length = 0;
  /** The first part of a small body is mostly the whole of it, and is then not copied. */
  #isBorrowed = false;

  /** @param lengthMax as far as it is known: nothing is allocated beyond it. */
  constructor(lease: BodyLease, lengthMax: number) {
    this.#lease = lease;
    this.#lengthMax = lengthMax;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws {Problem} 503 where there is no room for it */
  add(part: Buffer): void {
    if (this.#length === 0) {
      this.#lease.add(part.length);
      this.#bytes = part;
      this.#isBorrowed = true;
    } else {
      this.#makeRoom(this.#length + part.length);
      part.copy(this.#bytes, this.#length);
    }
    this.#length += part.length;
  }

  /** All that was added. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRoom(length: number): void {
    const capacity = this.#bytes.length;
    if (length <= capacity && !this.#isBorrowed) return;
    const wanted = Math.max(length, Math.min(this.#lengthMax, Math.max(CAPACITY_BYTES_MIN, 2 * capacity)));
    this.#lease.add(wanted);
    // Not from the pool, of which a body that waits would hold 8 KiB more.
    const grown = Buffer.allocUnsafeSlow(wanted);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#lease.remove(capacity);
    this.#bytes = grown;
    this.#isBorrowed = false;
  }
}

const EMPTY = Buffer.alloc(0);
