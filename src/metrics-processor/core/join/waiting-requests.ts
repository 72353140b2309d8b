import type { KeptOfRequest } from '../../../events/llm-request.ts';
import { NO_SERIES, type Series } from '../../../tally/series.ts';
import type { CallValues } from '../records/dimension-reader.ts';
import { ValueTexts } from '../records/value-texts.ts';
import { ArrivalList } from './arrival-list.ts';
import { type IdTable } from './id-table.ts';
import { type InstantColumn, NONE, RecordPages } from './record-pages.ts';

/** What the join keeps of a request until its response comes. NaN stands for an unknown count. */
export interface PendingRequest {
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
  /**
   * Of a request that is not kept: errors are, all of them, and must say whose they are. Null: there are none, or no
   * room.
   */
  readonly details: KeptOfRequest | null;
  /**
   * What its answer is summed by, beside the series; null where calls are summed by no dimension. Valid until the next
   * request is read or taken.
   */
  readonly dimensions: CallValues | null;
}

/**
 * As texts, some hundred thousand requests' worth: what is above it loses its details if it fails, and nothing else.
 */
const DETAIL_CHARACTERS_MAX = 16 * 1024 * 1024;

/** A double, two integers for an instant, four more. */
const INTS_PER_REQUEST = 8;
const PLACE = 0;
const TIMESTAMP: InstantColumn = { low: 2, high: 3, shift: 0 };
const ENTRY = 4;
const PROMPT_TOKENS = 5;
const CACHED_PROMPT_TOKENS = 6;
const CACHE_WRITE_TOKENS = 7;

/** What a waiting request and the call that it began have in common. */
type Beginning = Pick<PendingRequest, 'series' | 'loggedAtMs'>;

/**
 * Requests without a response so far: 40 bytes each, with their place in `arrivals`, and their id where it is kept,
 * since there may be a million; 4 more for each dimension, and the texts of the values. Of what it is about and when it
 * was logged its id's entry knows already, as long as it is the last call of that id. Slots are used again; `arrivals`
 * runs in order of the log, which is the order in which they time out.
 */
export class WaitingRequests {
  readonly arrivals = new ArrivalList();

  readonly #ids: IdTable;
  readonly #slots = new RecordPages(INTS_PER_REQUEST);
  /** By slot; few are kept. */
  readonly #keptIds = new Map<number, string>();
  /** By slot; only of those that are not kept. */
  readonly #details = new Map<number, KeptOfRequest>();
  #detailCharacters = 0;
  readonly #texts: ValueTexts;
  /** By slot, the value in each dimension; of all, or of none. */
  #values: RecordPages | null = null;
  #takenValues: CallValues = NO_VALUES;
  #dimensionBytes = 0;
  /** By slot; an id hardly ever has two requests that wait. */
  readonly #nextOfId = new Map<number, number>();
  /** By slot; those whose id has begun another call since. */
  readonly #outlived = new Map<number, Beginning>();
  readonly #free: number[] = [];
  /** What `take` gives out, again and again. */
  readonly #taken = new TakenRequest();
  #used = 0;

  /** @param texts of the values in dimensions */
  constructor(ids: IdTable, texts = new ValueTexts()) {
    this.#ids = ids;
    this.#texts = texts;
  }

  get size(): number {
    return this.arrivals.length;
  }

  /** What the values of their dimensions take in memory, if no two of them shared any. */
  get dimensionBytes(): number {
    return this.#dimensionBytes;
  }

  entry(slot: number): number {
    return this.#slots.int(slot, ENTRY);
  }

  loggedAtMs(slot: number): number {
    return this.#outlived.get(slot)?.loggedAtMs ?? this.#ids.callFirstSeenMs(this.entry(slot));
  }

  place(slot: number): number {
    return this.#slots.double(slot, PLACE);
  }

  /** Where those lie whose calls are kept, in order of arrival. */
  keptPlaces(): number[] {
    const places: number[] = [];
    for (const slot of this.arrivals) if (this.#keptIds.has(slot)) places.push(this.place(slot));
    return places;
  }

  /** The next waiting request of the same id. */
  nextOfId(slot: number): number {
    return this.#nextOfId.get(slot) ?? NONE;
  }

  setNextOfId(slot: number, next: number): void {
    this.#nextOfId.set(slot, next);
  }

  /** The entry of its id may begin another call: what the request has of it must be kept here. */
  outlive(slot: number): void {
    this.#outlived.set(slot, { series: this.#series(slot), loggedAtMs: this.loggedAtMs(slot) });
  }

  add(entry: number, pending: PendingRequest): number {
    const slot = this.#free.pop() ?? this.#fresh();
    const slots = this.#slots;
    slots.setDouble(slot, PLACE, pending.place);
    slots.setInstantMs(slot, TIMESTAMP, pending.timestampMs);
    slots.setInt(slot, ENTRY, entry);
    slots.setInt(slot, PROMPT_TOKENS, asInt(pending.promptTokens));
    slots.setInt(slot, CACHED_PROMPT_TOKENS, asInt(pending.cachedPromptTokens));
    slots.setInt(slot, CACHE_WRITE_TOKENS, asInt(pending.cacheWriteTokens));
    const { series, loggedAtMs } = pending;
    if (series !== this.#ids.callSeries(entry) || loggedAtMs !== this.#ids.callFirstSeenMs(entry)) {
      this.#outlived.set(slot, { series, loggedAtMs });
    }
    if (pending.keptId !== null) this.#keptIds.set(slot, pending.keptId);
    if (pending.details !== null) this.#remember(slot, pending.details);
    if (pending.dimensions !== null) this.#holdValues(slot, pending.dimensions);
    this.arrivals.push(slot);
    return slot;
  }

  /** Valid until the next one is taken. */
  take(slot: number): PendingRequest {
    const slots = this.#slots;
    const pending = this.#taken;
    pending.series = this.#series(slot);
    pending.place = this.place(slot);
    pending.loggedAtMs = this.loggedAtMs(slot);
    pending.timestampMs = slots.instantMs(slot, TIMESTAMP);
    pending.promptTokens = asCount(slots.int(slot, PROMPT_TOKENS));
    pending.cachedPromptTokens = asCount(slots.int(slot, CACHED_PROMPT_TOKENS));
    pending.cacheWriteTokens = asCount(slots.int(slot, CACHE_WRITE_TOKENS));
    pending.keptId = this.#keptIds.get(slot) ?? null;
    this.#keptIds.delete(slot);
    pending.details = this.#forget(slot);
    pending.dimensions = this.#values === null ? null : this.#releaseValues(slot, this.#values);
    this.#nextOfId.delete(slot);
    this.#outlived.delete(slot);
    this.arrivals.remove(slot);
    this.#free.push(slot);
    return pending;
  }

  #remember(slot: number, details: KeptOfRequest): void {
    const characters = this.#detailCharacters + charactersOf(details);
    if (characters > DETAIL_CHARACTERS_MAX) return;
    this.#detailCharacters = characters;
    this.#details.set(slot, details);
  }

  #forget(slot: number): KeptOfRequest | null {
    if (this.#details.size === 0) return null;
    const details = this.#details.get(slot);
    if (details === undefined) return null;
    this.#details.delete(slot);
    this.#detailCharacters -= charactersOf(details);
    return details;
  }

  #holdValues(slot: number, values: CallValues): void {
    if (this.#values === null) {
      this.#values = new RecordPages(values.length + (values.length % 2));
      this.#takenValues = new Int32Array(values.length);
    }
    while (slot >= this.#values.capacity) this.#values.addPage();
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      this.#values.setInt(slot, i, value);
      this.#texts.hold(value);
      this.#dimensionBytes += this.#texts.charactersOf(value);
    }
  }

  #releaseValues(slot: number, values: RecordPages): CallValues {
    const taken = this.#takenValues;
    for (let i = 0; i < taken.length; i++) {
      const value = values.int(slot, i);
      taken[i] = value;
      this.#texts.release(value);
      this.#dimensionBytes -= this.#texts.charactersOf(value);
    }
    return taken;
  }

  #series(slot: number): Series {
    return this.#outlived.get(slot)?.series ?? this.#ids.callSeries(this.entry(slot));
  }

  #fresh(): number {
    if (this.#used === this.#slots.capacity) this.#slots.addPage();
    return this.#used++;
  }
}

class TakenRequest implements PendingRequest {
  series = NO_SERIES;
  place = 0;
  loggedAtMs = 0;
  timestampMs = 0;
  promptTokens = 0;
  cachedPromptTokens = 0;
  cacheWriteTokens = 0;
  keptId: string | null = null;
  details: KeptOfRequest | null = null;
  dimensions: CallValues | null = null;
}

const NO_VALUES = new Int32Array(0);

function charactersOf(details: KeptOfRequest): number {
  let characters = 0;
  // A list of its values would be made twice for each call.
  for (const name in details) characters += details[name as keyof KeptOfRequest]?.length ?? 0;
  return characters;
}

/** A count is at most `TOKENS_MAX`, which 32 bits hold. */
const asInt = (count: number): number => (Number.isNaN(count) ? UNKNOWN : count);
const asCount = (int: number): number => (int === UNKNOWN ? Number.NaN : int);
const UNKNOWN = -1;
