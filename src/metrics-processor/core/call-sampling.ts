/**
 * Which calls are kept as single calls, so that storage stays bounded while metrics stay exact.
 *
 * Up to `perSecondMax` requests a second of log time in a partition, all are; above it a share is, chosen by the id's
 * fingerprint. The share follows the second before, so the choice is a function of the requests topic alone.
 */
export class CallSampling {
  second = 0;
  count = 0;
  countBefore = 0;
  readonly #perSecondMax: number;

  constructor(perSecondMax: number) {
    this.#perSecondMax = perSecondMax;
  }

  resumeAt(state: { readonly second: number; readonly count: number; readonly countBefore: number }): void {
    this.second = state.second;
    this.count = state.count;
    this.countBefore = state.countBefore;
  }

  /** Counts a request and says whether to keep its call. `hash` is any 32 bits of its fingerprint. */
  keeps(loggedAtMs: number, hash: number): boolean {
    const second = Math.floor(loggedAtMs / 1000);
    if (second !== this.second) {
      this.countBefore = second === this.second + 1 ? this.count : 0;
      this.second = second;
      this.count = 0;
    }
    this.count++;
    if (this.countBefore <= this.#perSecondMax) return true;
    return (hash >>> 0) / 2 ** 32 < this.#perSecondMax / this.countBefore;
  }
}
