import type { Series } from '../../tally/series.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { KnownCall } from './known-call.ts';

/** No such entry, no such link. */
export const NONE = -1;

/**
 * Every id seen within the dedup horizon or still waiting, as columns of typed arrays: about 70 bytes an id.
 *
 * A chained hash table whose entries keep their index as long as they live, so that waiting calls can point at
 * them. A list through all entries, longest unseen first, tells which to forget.
 */
export class IdTable {
  size = 0;
  /** When the id was last seen on the requests topic, in log time; -Infinity for never. */
  requestSeenMs: Float64Array;
  responseSeenMs: Float64Array;
  /** Heads of the lists of waiting halves, oldest first. */
  firstRequest: Int32Array;
  firstResponse: Int32Array;
  /** What the last call of this id was about and when it began; evaluations ask for it. */
  series: (Series | undefined)[] = [];
  callFirstSeenMs: Float64Array;
  /** Calls of the same id before the last one; hardly ever any. */
  readonly earlierCalls = new Map<number, KnownCall[]>();

  #buckets: Int32Array;
  #hashes: Int32Array;
  #nextInBucket: Int32Array;
  #fresher: Int32Array;
  #staler: Int32Array;
  #freshest = NONE;
  #stalest = NONE;
  #free = NONE;
  #used = 0;

  constructor(capacity = 1024) {
    this.requestSeenMs = new Float64Array(capacity);
    this.responseSeenMs = new Float64Array(capacity);
    this.callFirstSeenMs = new Float64Array(capacity);
    this.firstRequest = new Int32Array(capacity);
    this.firstResponse = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity * 2).fill(NONE);
    this.#hashes = new Int32Array(capacity * 4);
    this.#nextInBucket = new Int32Array(capacity);
    this.#fresher = new Int32Array(capacity);
    this.#staler = new Int32Array(capacity);
  }

  /** The entry of a fingerprint, or NONE. */
  find(id: Fingerprint): number {
    let entry = this.#buckets[id.h1 & (this.#buckets.length - 1)] as number;
    while (entry !== NONE && !this.#is(entry, id)) entry = this.#nextInBucket[entry] as number;
    return entry;
  }

  /** The entry of a fingerprint, made where there is none, and moved to the fresh end of the list. */
  touch(id: Fingerprint): number {
    const known = this.find(id);
    if (known !== NONE) {
      this.#unlink(known);
      this.#linkFreshest(known);
      return known;
    }
    const entry = this.#allocate();
    const bucket = id.h1 & (this.#buckets.length - 1);
    this.#hashes[entry * 4] = id.h1;
    this.#hashes[entry * 4 + 1] = id.h2;
    this.#hashes[entry * 4 + 2] = id.h3;
    this.#hashes[entry * 4 + 3] = id.h4;
    this.#nextInBucket[entry] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = entry;
    this.requestSeenMs[entry] = Number.NEGATIVE_INFINITY;
    this.responseSeenMs[entry] = Number.NEGATIVE_INFINITY;
    this.firstRequest[entry] = NONE;
    this.firstResponse[entry] = NONE;
    this.series[entry] = undefined;
    this.#linkFreshest(entry);
    this.size++;
    return entry;
  }

  /** The calls that an entry stands for, earliest first. */
  callsOf(entry: number): readonly KnownCall[] {
    const series = this.series[entry];
    if (series === undefined) return [];
    const firstSeenMs = this.callFirstSeenMs[entry] as number;
    const last = { series, firstSeenMs, lastSeenMs: this.requestSeenMs[entry] as number };
    return [...(this.earlierCalls.get(entry) ?? []), last];
  }

  /** Forgets the longest unseen entries while `isForgettable` says so. */
  forgetWhile(isForgettable: (entry: number) => boolean): void {
    while (this.#stalest !== NONE && isForgettable(this.#stalest)) this.#forget(this.#stalest);
  }

  #is(entry: number, id: Fingerprint): boolean {
    const at = entry * 4;
    return (
      this.#hashes[at] === id.h1 &&
      this.#hashes[at + 1] === id.h2 &&
      this.#hashes[at + 2] === id.h3 &&
      this.#hashes[at + 3] === id.h4
    );
  }

  #forget(entry: number): void {
    const bucket = (this.#hashes[entry * 4] as number) & (this.#buckets.length - 1);
    let at = this.#buckets[bucket] as number;
    if (at === entry) {
      this.#buckets[bucket] = this.#nextInBucket[entry] as number;
    } else {
      while (this.#nextInBucket[at] !== entry) at = this.#nextInBucket[at] as number;
      this.#nextInBucket[at] = this.#nextInBucket[entry] as number;
    }
    this.#unlink(entry);
    this.series[entry] = undefined;
    this.earlierCalls.delete(entry);
    this.#nextInBucket[entry] = this.#free;
    this.#free = entry;
    this.size--;
  }

  #allocate(): number {
    if (this.#free !== NONE) {
      const entry = this.#free;
      this.#free = this.#nextInBucket[entry] as number;
      return entry;
    }
    if (this.#used === this.requestSeenMs.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const capacity = this.requestSeenMs.length * 2;
    this.requestSeenMs = grownFloats(this.requestSeenMs, capacity);
    this.responseSeenMs = grownFloats(this.responseSeenMs, capacity);
    this.callFirstSeenMs = grownFloats(this.callFirstSeenMs, capacity);
    this.firstRequest = grownInts(this.firstRequest, capacity);
    this.firstResponse = grownInts(this.firstResponse, capacity);
    this.#hashes = grownInts(this.#hashes, capacity * 4);
    this.#nextInBucket = grownInts(this.#nextInBucket, capacity);
    this.#fresher = grownInts(this.#fresher, capacity);
    this.#staler = grownInts(this.#staler, capacity);
    this.#buckets = new Int32Array(capacity * 2).fill(NONE);
    for (let entry = 0; entry < this.#used; entry++) {
      const bucket = (this.#hashes[entry * 4] as number) & (this.#buckets.length - 1);
      this.#nextInBucket[entry] = this.#buckets[bucket] as number;
      this.#buckets[bucket] = entry;
    }
  }

  #linkFreshest(entry: number): void {
    this.#fresher[entry] = NONE;
    this.#staler[entry] = this.#freshest;
    if (this.#freshest === NONE) this.#stalest = entry;
    else this.#fresher[this.#freshest] = entry;
    this.#freshest = entry;
  }

  #unlink(entry: number): void {
    const fresher = this.#fresher[entry] as number;
    const staler = this.#staler[entry] as number;
    if (fresher === NONE) this.#freshest = staler;
    else this.#staler[fresher] = staler;
    if (staler === NONE) this.#stalest = fresher;
    else this.#fresher[staler] = fresher;
  }
}

export function grownInts(from: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}

export function grownFloats(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}
