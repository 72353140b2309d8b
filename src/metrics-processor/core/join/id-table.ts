import type { Series } from '../../../tally/series.ts';
import { SeriesDictionary } from '../records/series-dictionary.ts';
import type { Fingerprint } from './fingerprint.ts';
import { FINGERPRINT_INTS, FingerprintBuckets } from './fingerprint-buckets.ts';
import type { KnownCall } from './known-call.ts';
import { type InstantColumn, NONE, RecordPages } from './record-pages.ts';
import { SeriesSlots } from './series-slots.ts';

/** An entry: four integers of the fingerprint, five for three instants, five links. */
const INTS_PER_ENTRY = 14;
const REQUEST_SEEN: InstantColumn = { low: 4, high: 7, shift: 0 };
const RESPONSE_SEEN: InstantColumn = { low: 5, high: 7, shift: 16 };
const CALL_FIRST_SEEN: InstantColumn = { low: 6, high: 8, shift: 0 };
const NEXT_IN_BUCKET = 9;
const FRESHER = 10;
const STALER = 11;
const FIRST_REQUEST = 12;
const SERIES = 13;

/** Shares its integer with an instant's 16 bits. */
const IS_UNNAMED = 8;
const UNNAMED_BIT = 1 << 16;

/**
 * Every id seen within the dedup horizon or still waiting: 56 bytes each and 2 to 4 for its bucket.
 *
 * Tenants with the same id have an entry each, in the same bucket. Responses that name no tenant are remembered in the
 * entry of whoever's call has that id, as long as there is room for it, so that a call takes one entry with or without
 * tenants' names.
 *
 * Entries keep their number as long as they live, so that waiting calls can point at them. A list through all entries,
 * longest unseen first, tells which to forget.
 */
export class IdTable {
  size = 0;
  /** Calls of the same id before the last one; hardly ever any. */
  readonly earlierCalls = new Map<number, KnownCall[]>();

  readonly #entries = new RecordPages(INTS_PER_ENTRY);
  readonly #series = new SeriesSlots();
  /** Series that only tell a tenant, for entries without a call. */
  readonly #nameless = new SeriesDictionary();
  readonly #buckets: FingerprintBuckets;
  #freshest = NONE;
  #stalest = NONE;
  #free = NONE;
  #used = 0;

  /** @param bucketCount to begin with, a power of two */
  constructor(bucketCount = 1024) {
    this.#buckets = new FingerprintBuckets(this.#entries, NEXT_IN_BUCKET, bucketCount);
  }

  /** When the id was last seen on the requests topic, in log time; -Infinity for never. */
  requestSeenMs(entry: number): number {
    return this.#entries.instantMs(entry, REQUEST_SEEN);
  }

  setRequestSeenMs(entry: number, atMs: number): void {
    this.#entries.setInstantMs(entry, REQUEST_SEEN, atMs);
  }

  responseSeenMs(entry: number): number {
    return this.#entries.instantMs(entry, RESPONSE_SEEN);
  }

  setResponseSeenMs(entry: number, atMs: number): void {
    this.#entries.setInstantMs(entry, RESPONSE_SEEN, atMs);
  }

  /** Head of the list of waiting requests, oldest first. */
  firstRequest(entry: number): number {
    return this.#entries.int(entry, FIRST_REQUEST);
  }

  setFirstRequest(entry: number, slot: number): void {
    this.#entries.setInt(entry, FIRST_REQUEST, slot);
  }

  /** Whose the id is; null for an entry that only remembers responses which named no tenant. */
  tenantOf(entry: number): string | null {
    const slot = this.#entries.int(entry, SERIES);
    return slot === NONE ? null : this.#series.at(slot).tenantId;
  }

  /** When the last call of this id began. Only of an entry that has begun one, like `callSeries`. */
  callFirstSeenMs(entry: number): number {
    return this.#entries.instantMs(entry, CALL_FIRST_SEEN);
  }

  callSeries(entry: number): Series {
    return this.#series.at(this.#entries.int(entry, SERIES));
  }

  /** What the last call of this id was about and when it began; evaluations ask for it. */
  lastCall(entry: number): KnownCall | undefined {
    if (this.#entries.int(entry, SERIES) === NONE || this.callFirstSeenMs(entry) === Number.NEGATIVE_INFINITY) {
      return undefined;
    }
    return {
      series: this.callSeries(entry),
      firstSeenMs: this.callFirstSeenMs(entry),
      lastSeenMs: this.requestSeenMs(entry),
    };
  }

  beginCall(entry: number, series: Series, firstSeenMs: number): void {
    this.#holdSeries(entry, series);
    this.#entries.setInstantMs(entry, CALL_FIRST_SEEN, firstSeenMs);
  }

  /** The entry of a fingerprint, or NONE. */
  find(id: Fingerprint): number {
    return this.#buckets.find(id);
  }

  /** Another entry of the same id, or NONE. Beginning with the one that `find` tells this leads through all of them. */
  nextOfId(entry: number): number {
    let next = this.#buckets.after(entry);
    while (next !== NONE && !this.#areAlike(next, entry)) next = this.#buckets.after(next);
    return next;
  }

  /** The entry of a fingerprint, made where there is none, and moved to the fresh end of the list. */
  touch(id: Fingerprint): number {
    const known = this.find(id);
    return known === NONE ? this.#add(id) : this.#refresh(known);
  }

  /** The entry of an id of a tenant, made where there is none, and moved to the fresh end of the list. */
  touchOf(id: Fingerprint, tenantId: string): number {
    let nobodys = NONE;
    for (let entry = this.find(id); entry !== NONE; entry = this.nextOfId(entry)) {
      const owner = this.tenantOf(entry);
      if (owner === tenantId) return this.#refresh(entry);
      if (owner === null) nobodys = entry;
    }
    return nobodys === NONE ? this.#add(id) : this.#refresh(nobodys);
  }

  /** The entry that remembers the responses of a tenant to an id. */
  touchNamed(id: Fingerprint, tenantId: string): number {
    let entry = this.find(id);
    while (entry !== NONE && this.tenantOf(entry) !== tenantId) entry = this.nextOfId(entry);
    if (entry === NONE) {
      entry = this.#add(id);
      this.#holdSeries(entry, this.#nameless.of({ tenantId, route: '', model: '', provider: '' }));
    } else if (this.#isUnnamed(entry)) {
      const other = this.#add(id);
      this.setResponseSeenMs(other, this.responseSeenMs(entry));
      this.#setUnnamed(other, true);
      this.setResponseSeenMs(entry, Number.NEGATIVE_INFINITY);
      this.#setUnnamed(entry, false);
    }
    return this.#refresh(entry);
  }

  /** The entry that remembers those responses to an id which name no tenant. */
  touchUnnamed(id: Fingerprint): number {
    let free = NONE;
    for (let entry = this.find(id); entry !== NONE; entry = this.nextOfId(entry)) {
      if (this.#isUnnamed(entry)) return this.#refresh(entry);
      if (this.responseSeenMs(entry) === Number.NEGATIVE_INFINITY) free = entry;
    }
    const entry = free === NONE ? this.#add(id) : this.#refresh(free);
    this.#setUnnamed(entry, true);
    return entry;
  }

  /** Whether the responses that the entry remembers named no tenant. */
  #isUnnamed(entry: number): boolean {
    return (this.#entries.int(entry, IS_UNNAMED) & UNNAMED_BIT) !== 0;
  }

  #setUnnamed(entry: number, isUnnamed: boolean): void {
    const others = this.#entries.int(entry, IS_UNNAMED) & ~UNNAMED_BIT;
    this.#entries.setInt(entry, IS_UNNAMED, isUnnamed ? others | UNNAMED_BIT : others);
  }

  #refresh(entry: number): number {
    if (entry === this.#freshest) return entry;
    this.#unlink(entry);
    this.#linkFreshest(entry);
    return entry;
  }

  #add(id: Fingerprint): number {
    const entry = this.#allocate();
    const entries = this.#entries;
    this.#buckets.name(entry, id);
    this.setRequestSeenMs(entry, Number.NEGATIVE_INFINITY);
    this.setResponseSeenMs(entry, Number.NEGATIVE_INFINITY);
    entries.setInstantMs(entry, CALL_FIRST_SEEN, Number.NEGATIVE_INFINITY);
    this.#setUnnamed(entry, false);
    entries.setInt(entry, FIRST_REQUEST, NONE);
    entries.setInt(entry, SERIES, NONE);
    this.#buckets.link(entry);
    this.#linkFreshest(entry);
    this.size++;
    return entry;
  }

  /** The calls that an entry stands for, earliest first. */
  callsOf(entry: number): readonly KnownCall[] {
    const last = this.lastCall(entry);
    return last === undefined ? [] : [...(this.earlierCalls.get(entry) ?? []), last];
  }

  /** Forgets the longest unseen entries while `isForgettable` says so. */
  forgetWhile(isForgettable: (entry: number) => boolean): void {
    while (this.#stalest !== NONE && isForgettable(this.#stalest)) this.#forget(this.#stalest);
  }

  #areAlike(one: number, other: number): boolean {
    const entries = this.#entries;
    for (let column = 0; column < FINGERPRINT_INTS; column++) {
      if (entries.int(one, column) !== entries.int(other, column)) return false;
    }
    return true;
  }

  #forget(entry: number): void {
    this.#buckets.unlink(entry);
    this.#unlink(entry);
    this.#releaseSeries(entry);
    this.earlierCalls.delete(entry);
    this.#entries.setInt(entry, NEXT_IN_BUCKET, this.#free);
    this.#free = entry;
    this.size--;
  }

  #holdSeries(entry: number, series: Series): void {
    this.#releaseSeries(entry);
    this.#entries.setInt(entry, SERIES, this.#series.hold(series));
  }

  #releaseSeries(entry: number): void {
    const slot = this.#entries.int(entry, SERIES);
    if (slot !== NONE) this.#series.release(slot);
  }

  #allocate(): number {
    if (this.#free !== NONE) {
      const entry = this.#free;
      this.#free = this.#entries.int(entry, NEXT_IN_BUCKET);
      return entry;
    }
    if (this.#used === this.#entries.capacity) this.#entries.addPage();
    if (this.#used === this.#buckets.entriesMax) this.#rehash();
    return this.#used++;
  }

  #rehash(): void {
    this.#buckets.double();
    // No entry is free, or none would have to be made.
    for (let entry = 0; entry < this.#used; entry++) this.#buckets.link(entry);
  }

  #linkFreshest(entry: number): void {
    this.#entries.setInt(entry, FRESHER, NONE);
    this.#entries.setInt(entry, STALER, this.#freshest);
    if (this.#freshest === NONE) this.#stalest = entry;
    else this.#entries.setInt(this.#freshest, FRESHER, entry);
    this.#freshest = entry;
  }

  #unlink(entry: number): void {
    const fresher = this.#entries.int(entry, FRESHER);
    const staler = this.#entries.int(entry, STALER);
    if (fresher === NONE) this.#freshest = staler;
    else this.#entries.setInt(fresher, STALER, staler);
    if (staler === NONE) this.#stalest = fresher;
    else this.#entries.setInt(staler, FRESHER, fresher);
  }
}
