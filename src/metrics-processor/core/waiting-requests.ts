import type { Series } from '../../tally/series.ts';
import { ArrivalList } from './arrival-list.ts';
import { grownFloats, grownInts, NONE } from './id-table.ts';

/** What the join keeps of a request until its response comes. NaN stands for an unknown count. */
export interface RequestHalf {
  readonly series: Series;
  /** Where it lies in the requests topic of its shard, see `lane.ts`. */
  readonly place: number;
  readonly loggedAtMs: number;
  readonly timestampMs: number;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly cacheWriteTokens: number;
  /** Its id, if it is kept as a single call (see `call-sampling.ts`); the join itself needs no ids. */
  readonly keptId: string | null;
}

/**
 * Requests without a response so far: columns of typed arrays, some 90 bytes each, since there may be a million.
 * Slots are used again; `arrivals` runs in order of the log, which is the order in which they time out.
 */
export class WaitingRequests {
  readonly arrivals = new ArrivalList();
  entry = new Int32Array(256);
  /** The next waiting request of the same id. */
  nextOfId = new Int32Array(256);
  loggedAtMs = new Float64Array(256);
  place = new Float64Array(256);

  #series: (Series | undefined)[] = [];
  #timestampMs = new Float64Array(256);
  #promptTokens = new Float64Array(256);
  #cachedPromptTokens = new Float64Array(256);
  #cacheWriteTokens = new Float64Array(256);
  readonly #keptId: (string | null)[] = [];
  readonly #free: number[] = [];
  #used = 0;

  get size(): number {
    return this.arrivals.length;
  }

  add(entry: number, half: RequestHalf): number {
    const slot = this.#free.pop() ?? this.#fresh();
    this.entry[slot] = entry;
    this.nextOfId[slot] = NONE;
    this.loggedAtMs[slot] = half.loggedAtMs;
    this.place[slot] = half.place;
    this.#series[slot] = half.series;
    this.#timestampMs[slot] = half.timestampMs;
    this.#promptTokens[slot] = half.promptTokens;
    this.#cachedPromptTokens[slot] = half.cachedPromptTokens;
    this.#cacheWriteTokens[slot] = half.cacheWriteTokens;
    this.#keptId[slot] = half.keptId;
    this.arrivals.push(slot);
    return slot;
  }

  take(slot: number): RequestHalf {
    const half: RequestHalf = {
      series: this.#series[slot] as Series,
      place: this.place[slot] as number,
      loggedAtMs: this.loggedAtMs[slot] as number,
      timestampMs: this.#timestampMs[slot] as number,
      promptTokens: this.#promptTokens[slot] as number,
      cachedPromptTokens: this.#cachedPromptTokens[slot] as number,
      cacheWriteTokens: this.#cacheWriteTokens[slot] as number,
      keptId: this.#keptId[slot] ?? null,
    };
    this.#series[slot] = undefined;
    this.#keptId[slot] = null;
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return half;
  }

  #fresh(): number {
    if (this.#used === this.entry.length) {
      const length = this.#used * 2;
      this.entry = grownInts(this.entry, length);
      this.nextOfId = grownInts(this.nextOfId, length);
      this.loggedAtMs = grownFloats(this.loggedAtMs, length);
      this.place = grownFloats(this.place, length);
      this.#timestampMs = grownFloats(this.#timestampMs, length);
      this.#promptTokens = grownFloats(this.#promptTokens, length);
      this.#cachedPromptTokens = grownFloats(this.#cachedPromptTokens, length);
      this.#cacheWriteTokens = grownFloats(this.#cacheWriteTokens, length);
    }
    return this.#used++;
  }
}
