import { Problem } from './problem.ts';

const RETRY_AFTER_S = 1;

/**
 * Bounds the bytes of all bodies that are being read, decompressed, decoded and appended, whichever way they came.
 * Limits on one body do not bound memory: a thousand senders may send the largest one at once, or half of it.
 */
export class BodyBudget {
  readonly bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** For one body, to be released whatever becomes of it. */
  lease(): BodyLease {
    return new BodyLease(this);
  }

  /** @returns whether they were taken. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** What one body holds of the budget. */
export class BodyLease {
  readonly #budget: BodyBudget;
  #bytes = 0;
  #isReleased = false;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /** @throws {Problem} 503 with Retry-After where all bodies together would take more than the budget */
  add(bytes: number): void {
    if (this.#isReleased) return;
    if (!this.#budget.take(bytes)) {
      const message = `Bodies that take ${this.#budget.bytesMax} bytes are being read already. Send it again`;
      throw new Problem(503, message, { retryAfterS: RETRY_AFTER_S });
    }
    this.#bytes += bytes;
  }

  /** Gives back bytes that were added: they are held no more. */
  remove(bytes: number): void {
    const held = Math.min(bytes, this.#bytes);
    this.#budget.giveBack(held);
    this.#bytes -= held;
  }

  /** All of it. What comes after is not counted. */
  release(): void {
    this.#isReleased = true;
    this.remove(this.#bytes);
  }
}
