/**
 * A sum of whole numbers that is always exact. Small sums stay a `number` (fast); before it could lose a digit it
 * spills into a `bigint`. Made for money: at 10^-12 USD a unit, a `number` alone would end at 9,007 USD.
 */
export class ExactSum {
  #small = 0;
  #large = 0n;

  clear(): void {
    this.#small = 0;
    this.#large = 0n;
  }

  /** Adds `count * unit`, both whole numbers ≥ 0 that a `number` holds exactly. */
  addProduct(count: number, unit: number): void {
    const product = count * unit;
    if (product <= SMALL_MAX) this.#addSmall(product);
    else this.#large += BigInt(count) * BigInt(unit);
  }

  /** Adds a whole number within ±2^52. */
  addNumber(amount: number): void {
    this.#addSmall(amount);
  }

  addBig(amount: bigint): void {
    this.#large += amount;
  }

  add(other: ExactSum): void {
    this.#addSmall(other.#small);
    // Hardly ever: adding two `bigint`s makes a third.
    if (other.#large !== 0n) this.#large += other.#large;
  }

  subtract(other: ExactSum): void {
    this.#addSmall(-other.#small);
    if (other.#large !== 0n) this.#large -= other.#large;
  }

  /** The value where it is small enough to be a `number`, which is made faster than a `bigint`; else null. */
  get smallValue(): number | null {
    return this.#large === 0n ? this.#small : null;
  }

  get value(): bigint {
    return this.#large + BigInt(this.#small);
  }

  #addSmall(amount: number): void {
    this.#small += amount;
    if (this.#small > SMALL_MAX || this.#small < -SMALL_MAX) {
      this.#large += BigInt(this.#small);
      this.#small = 0;
    }
  }
}

/** Two numbers up to here add up exactly. */
const SMALL_MAX = 2 ** 52;
