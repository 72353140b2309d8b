import type { Series } from '../../../tally/series.ts';
import type { Fingerprint } from '../join/fingerprint.ts';
import { FINGERPRINT_INTS, FingerprintBuckets } from '../join/fingerprint-buckets.ts';
import { type InstantColumn, RECORDS_PER_PAGE, RecordPages } from '../join/record-pages.ts';
import { SeriesSlots } from '../join/series-slots.ts';

/** An entry: four integers of the trace's fingerprint, two of the span's id, two with an instant, a series, a link. */
const INTS_PER_ENTRY = 10;
const SPAN = FINGERPRINT_INTS;
const SEEN: InstantColumn = { low: 6, high: 7, shift: 0 };
const SERIES = 8;
const NEXT_IN_BUCKET = 9;

/** In place of a series. */
const NO_CALL = -1;
const GONE = -2;

/** A trace that was closed with one report, the only time it was told of. */
export interface ClosedRoot {
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** In log time. */
  readonly seenMs: number;
  /** What its call is counted under; null where it is about none. */
  readonly series: Series | null;
}

/**
 * Closed traces of one report, as most are, in 42 to 44 bytes each. In an `IdTable` trace and span take 60 each.
 *
 * They are forgotten in the order in which they were closed, so entries are given out page by page.
 */
export class ClosedRoots {
  size = 0;
  readonly #entries = new RecordPages(INTS_PER_ENTRY);
  readonly #series = new SeriesSlots();
  readonly #buckets: FingerprintBuckets;
  /** Numbers of pages, the oldest first; and where the first one begins to hold something, and the last one ends. */
  readonly #pages: number[] = [];
  #headAt = 0;
  #tailAt = RECORDS_PER_PAGE;
  readonly #freePages: number[] = [];

  /** @param bucketCount to begin with, a power of two */
  constructor(bucketCount = 64) {
    this.#buckets = new FingerprintBuckets(this.#entries, NEXT_IN_BUCKET, bucketCount);
  }

  /** The trace must not be there. */
  add(trace: Fingerprint, { spanId, seenMs, series }: ClosedRoot): void {
    const entry = this.#allocate();
    const entries = this.#entries;
    this.#buckets.name(entry, trace);
    entries.setInt(entry, SPAN, firstHalf(spanId));
    entries.setInt(entry, SPAN + 1, secondHalf(spanId));
    entries.setInstantMs(entry, SEEN, seenMs);
    entries.setInt(entry, SERIES, series === null ? NO_CALL : this.#series.hold(series));
    this.#buckets.link(entry);
    this.size++;
    if (this.size > this.#buckets.entriesMax) this.#rehash();
  }

  /** The entry of a trace, or NONE. */
  find(trace: Fingerprint): number {
    return this.#buckets.find(trace);
  }

  seenMs(entry: number): number {
    return this.#entries.instantMs(entry, SEEN);
  }

  isSpan(entry: number, spanId: string): boolean {
    const entries = this.#entries;
    return entries.int(entry, SPAN) === firstHalf(spanId) && entries.int(entry, SPAN + 1) === secondHalf(spanId);
  }

  series(entry: number): Series | null {
    const slot = this.#entries.int(entry, SERIES);
    return slot === NO_CALL ? null : this.#series.at(slot);
  }

  /** Takes it out. */
  take(entry: number): ClosedRoot {
    const entries = this.#entries;
    const spanId = digits(entries.int(entry, SPAN)) + digits(entries.int(entry, SPAN + 1));
    const taken = { spanId, seenMs: this.seenMs(entry), series: this.series(entry) };
    this.#drop(entry);
    return taken;
  }

  /** Forgets those that were closed first, as long as they were seen before that. */
  forgetBefore(beforeMs: number): void {
    for (let page = this.#pages[0]; page !== undefined; page = this.#pages[0]) {
      const end = this.#pages.length === 1 ? this.#tailAt : RECORDS_PER_PAGE;
      for (; this.#headAt < end; this.#headAt++) {
        const entry = page * RECORDS_PER_PAGE + this.#headAt;
        if (this.#entries.int(entry, SERIES) === GONE) continue;
        if (this.seenMs(entry) >= beforeMs) return;
        this.#drop(entry);
      }
      if (end < RECORDS_PER_PAGE) return;
      this.#freePages.push(page);
      this.#pages.shift();
      this.#headAt = 0;
    }
  }

  #allocate(): number {
    if (this.#tailAt === RECORDS_PER_PAGE) {
      let page = this.#freePages.pop();
      if (page === undefined) {
        page = this.#entries.capacity / RECORDS_PER_PAGE;
        this.#entries.addPage();
      }
      this.#pages.push(page);
      this.#tailAt = 0;
    }
    return (this.#pages.at(-1) as number) * RECORDS_PER_PAGE + this.#tailAt++;
  }

  #drop(entry: number): void {
    const entries = this.#entries;
    this.#buckets.unlink(entry);
    const slot = entries.int(entry, SERIES);
    if (slot !== NO_CALL) this.#series.release(slot);
    entries.setInt(entry, SERIES, GONE);
    this.size--;
  }

  #rehash(): void {
    this.#buckets.double();
    for (const [index, page] of this.#pages.entries()) {
      const start = index === 0 ? this.#headAt : 0;
      const end = index === this.#pages.length - 1 ? this.#tailAt : RECORDS_PER_PAGE;
      for (let at = start; at < end; at++) {
        const entry = page * RECORDS_PER_PAGE + at;
        if (this.#entries.int(entry, SERIES) !== GONE) this.#buckets.link(entry);
      }
    }
  }
}

const HALF_DIGITS = 8;

function firstHalf(spanId: string): number {
  return Number.parseInt(spanId.slice(0, HALF_DIGITS), 16) | 0;
}

function secondHalf(spanId: string): number {
  return Number.parseInt(spanId.slice(HALF_DIGITS), 16) | 0;
}

function digits(half: number): string {
  return (half >>> 0).toString(16).padStart(HALF_DIGITS, '0');
}
