/**
 * Partitions that share a core are read in turn and nearly in step; a record so much older is of a clock that jumped.
 */
const LAG_SECONDS_MAX = 10;

/**
 * Which calls are kept as single calls, so that storage stays bounded while metrics stay exact.
 *
 * Up to `perSecondMax` requests a second of log time in a partition, all are; above it a share is, chosen by the id's
 * fingerprint. The share follows the second before, or this one where it has more already: a burst out of silence keeps
 * a few times the limit, not all of itself. Only the requests topic and its order decide, so a replay chooses alike.
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
    if (second > this.second || second < this.second - LAG_SECONDS_MAX) {
      this.countBefore = second === this.second + 1 ? this.count : 0;
      this.second = second;
      this.count = 0;
    }
    this.count++;
    const countSoFar = Math.max(this.countBefore, this.count);
    return (hash >>> 0) / 2 ** 32 < this.#perSecondMax / countSoFar;
  }
}
