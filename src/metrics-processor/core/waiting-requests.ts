import type { Series } from '../../tally/series.ts';
import { ArrivalList } from './arrival-list.ts';
import { NONE } from './id-table.ts';
import { RecordPages } from './record-pages.ts';
import { SeriesSlots } from './series-slots.ts';

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

/** Three doubles and six integers. */
const INTS_PER_REQUEST = 12;
const LOGGED_AT_MS = 0;
const PLACE = 1;
const TIMESTAMP_MS = 2;
const ENTRY = 6;
const NEXT_OF_ID = 7;
const PROMPT_TOKENS = 8;
const CACHED_PROMPT_TOKENS = 9;
const CACHE_WRITE_TOKENS = 10;
const SERIES = 11;

/**
 * Requests without a response so far: 65 bytes each and their id where it is kept, since there may be a million.
 * Slots are used again; `arrivals` runs in order of the log, which is the order in which they time out.
 */
export class WaitingRequests {
  readonly arrivals = new ArrivalList();

  readonly #slots = new RecordPages(INTS_PER_REQUEST);
  readonly #series = new SeriesSlots();
  /** By slot; few are kept. */
  readonly #keptIds = new Map<number, string>();
  readonly #free: number[] = [];
  #used = 0;

  get size(): number {
    return this.arrivals.length;
  }

  entry(slot: number): number {
    return this.#slots.int(slot, ENTRY);
  }

  loggedAtMs(slot: number): number {
    return this.#slots.double(slot, LOGGED_AT_MS);
  }

  place(slot: number): number {
    return this.#slots.double(slot, PLACE);
  }

  /** The next waiting request of the same id. */
  nextOfId(slot: number): number {
    return this.#slots.int(slot, NEXT_OF_ID);
  }

  setNextOfId(slot: number, next: number): void {
    this.#slots.setInt(slot, NEXT_OF_ID, next);
  }

  add(entry: number, half: RequestHalf): number {
    const slot = this.#free.pop() ?? this.#fresh();
    const slots = this.#slots;
    slots.setDouble(slot, LOGGED_AT_MS, half.loggedAtMs);
    slots.setDouble(slot, PLACE, half.place);
    slots.setDouble(slot, TIMESTAMP_MS, half.timestampMs);
    slots.setInt(slot, ENTRY, entry);
    slots.setInt(slot, NEXT_OF_ID, NONE);
    slots.setInt(slot, PROMPT_TOKENS, asInt(half.promptTokens));
    slots.setInt(slot, CACHED_PROMPT_TOKENS, asInt(half.cachedPromptTokens));
    slots.setInt(slot, CACHE_WRITE_TOKENS, asInt(half.cacheWriteTokens));
    slots.setInt(slot, SERIES, this.#series.hold(half.series));
    if (half.keptId !== null) this.#keptIds.set(slot, half.keptId);
    this.arrivals.push(slot);
    return slot;
  }

  take(slot: number): RequestHalf {
    const slots = this.#slots;
    const series = slots.int(slot, SERIES);
    const half: RequestHalf = {
      series: this.#series.at(series),
      place: this.place(slot),
      loggedAtMs: this.loggedAtMs(slot),
      timestampMs: slots.double(slot, TIMESTAMP_MS),
      promptTokens: asCount(slots.int(slot, PROMPT_TOKENS)),
      cachedPromptTokens: asCount(slots.int(slot, CACHED_PROMPT_TOKENS)),
      cacheWriteTokens: asCount(slots.int(slot, CACHE_WRITE_TOKENS)),
      keptId: this.#keptIds.get(slot) ?? null,
    };
    this.#series.release(series);
    this.#keptIds.delete(slot);
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return half;
  }

  #fresh(): number {
    if (this.#used === this.#slots.capacity) this.#slots.addPage();
    return this.#used++;
  }
}

/** A count is at most `TOKENS_MAX`, which 32 bits hold. */
const asInt = (count: number): number => (Number.isNaN(count) ? UNKNOWN : count);
const asCount = (int: number): number => (int === UNKNOWN ? Number.NaN : int);
const UNKNOWN = -1;
