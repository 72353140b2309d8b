import type { Series } from '../../tally/series.ts';
import { ArrivalList } from './arrival-list.ts';
import { NONE } from './id-table.ts';
import { type InstantColumn, RecordPages } from './record-pages.ts';
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

/** A double, three integers for two instants, five more. */
const INTS_PER_REQUEST = 10;
const PLACE = 0;
const LOGGED_AT: InstantColumn = { low: 2, high: 4, shift: 0 };
const TIMESTAMP: InstantColumn = { low: 3, high: 4, shift: 16 };
const ENTRY = 5;
const PROMPT_TOKENS = 6;
const CACHED_PROMPT_TOKENS = 7;
const CACHE_WRITE_TOKENS = 8;
const SERIES = 9;

/**
 * Requests without a response so far: 48 bytes each, with their place in `arrivals`, and their id where it is kept, since there may be a million.
 * Slots are used again; `arrivals` runs in order of the log, which is the order in which they time out.
 */
export class WaitingRequests {
  readonly arrivals = new ArrivalList();

  readonly #slots = new RecordPages(INTS_PER_REQUEST);
  readonly #series = new SeriesSlots();
  /** By slot; few are kept. */
  readonly #keptIds = new Map<number, string>();
  /** By slot; an id hardly ever has two requests that wait. */
  readonly #nextOfId = new Map<number, number>();
  readonly #free: number[] = [];
  #used = 0;

  get size(): number {
    return this.arrivals.length;
  }

  entry(slot: number): number {
    return this.#slots.int(slot, ENTRY);
  }

  loggedAtMs(slot: number): number {
    return this.#slots.instantMs(slot, LOGGED_AT);
  }

  place(slot: number): number {
    return this.#slots.double(slot, PLACE);
  }

  /** Whether its call is kept. */
  isKept(slot: number): boolean {
    return this.#keptIds.has(slot);
  }

  /** The next waiting request of the same id. */
  nextOfId(slot: number): number {
    return this.#nextOfId.get(slot) ?? NONE;
  }

  setNextOfId(slot: number, next: number): void {
    this.#nextOfId.set(slot, next);
  }

  add(entry: number, half: RequestHalf): number {
    const slot = this.#free.pop() ?? this.#fresh();
    const slots = this.#slots;
    slots.setInstantMs(slot, LOGGED_AT, half.loggedAtMs);
    slots.setDouble(slot, PLACE, half.place);
    slots.setInstantMs(slot, TIMESTAMP, half.timestampMs);
    slots.setInt(slot, ENTRY, entry);
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
      timestampMs: slots.instantMs(slot, TIMESTAMP),
      promptTokens: asCount(slots.int(slot, PROMPT_TOKENS)),
      cachedPromptTokens: asCount(slots.int(slot, CACHED_PROMPT_TOKENS)),
      cacheWriteTokens: asCount(slots.int(slot, CACHE_WRITE_TOKENS)),
      keptId: this.#keptIds.get(slot) ?? null,
    };
    this.#series.release(series);
    this.#keptIds.delete(slot);
    this.#nextOfId.delete(slot);
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
