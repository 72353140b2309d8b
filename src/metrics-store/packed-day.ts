import type { TimeRange } from '../tally/steps.ts';
import { Tally } from '../tally/tally.ts';
import { addEncodedTally, encodeTally } from '../tally/tally-codec.ts';
import { type ByteReader, pushVarint, readVarint } from '../tally/varint.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../tally/window.ts';
import { isFiltered, type Summand, type TenantQuery } from './regroup.ts';

/**
 * The windows of one series and day, one after the other, as bytes:
 *
 *     (windows since the one before, or since midnight; length; tally)*
 */
export interface PackedWindow {
  /** Counted from the day's first. */
  readonly index: number;
  readonly tally: Tally;
}

/** What all series of a tenant add up to is kept as if it were one more. */
export const ALL_SERIES = 0;
export const NO_NAMES = { seriesId: ALL_SERIES, route: '', model: '', provider: '' };

/** The groups that need each series by itself; the total of all does for the others. */
const SERIES_GROUPS = ['route', 'model', 'provider'] as const;

export function isOfTotal(query: TenantQuery): boolean {
  return !isFiltered(query) && !SERIES_GROUPS.some((group) => query.groupBy.includes(group));
}

/** A tenant with more series in a day is read row by row: their packed days would take some 50 MB at a time. */
export const PACKED_SERIES_MAX = 2_000;

export type PackedColumn = 'hours' | 'five_minutes';

/** Where windows of a length are kept. */
export const PACKED_COLUMNS: ReadonlyMap<number, PackedColumn> = new Map([
  [HOUR_MS, 'hours'],
  [5 * MINUTE_MS, 'five_minutes'],
]);

/** A total of more series takes too long, as it is made at once. */
export const TOTALLED_SERIES_MAX = 200;
/** The 312 windows of a series that is added to a total take as long as so many rows. */
export const ROWS_PER_TOTALLED_SERIES = 30;

/** Null where a sum is too large for the form. @param windows ascending */
export function packWindows(windows: Iterable<PackedWindow>): Uint8Array | null {
  const bytes: number[] = [];
  let previous = 0;
  for (const { index, tally } of windows) {
    const encoded = encodeTally(tally);
    if (encoded === null) return null;
    pushVarint(bytes, index - previous);
    pushVarint(bytes, encoded.length);
    for (const byte of encoded) bytes.push(byte);
    previous = index;
  }
  return Uint8Array.from(bytes);
}

/** Rows in the order of time as the windows of a day. */
export function addedUp(
  rows: Iterable<Pick<Summand, 'windowStartMs' | 'addTo'>>,
  { dayStartMs, sizeMs }: { readonly dayStartMs: number; readonly sizeMs: number },
): readonly PackedWindow[] {
  const windows: PackedWindow[] = [];
  for (const row of rows) {
    const index = Math.floor((row.windowStartMs - dayStartMs) / sizeMs);
    let window = windows.at(-1);
    if (window?.index !== index) {
      window = { index, tally: new Tally() };
      windows.push(window);
    }
    row.addTo(window.tally);
  }
  return windows;
}

/** A day as it is kept. */
export interface PackedDay {
  readonly hours: Uint8Array;
  readonly fives: Uint8Array;
}

/** What the packed windows of a day's series add up to, packed; null where that is too large for the form. */
export function packTotal(series: readonly PackedDay[], dayStartMs: number): PackedDay | null {
  const hours = totalOf(
    series.map((day) => day.hours),
    dayStartMs,
    HOUR_MS,
  );
  const fives = totalOf(
    series.map((day) => day.fives),
    dayStartMs,
    5 * MINUTE_MS,
  );
  return hours === null || fives === null ? null : { hours, fives };
}

function totalOf(series: readonly Uint8Array[], dayStartMs: number, resolutionMs: number): Uint8Array | null {
  const packed = series.map((windows) => ({ ...NO_NAMES, windows }));
  const day = { dayStartMs, fromMs: dayStartMs, toMs: dayStartMs + DAY_MS };
  const windows = windowsOf(packed, { ...day, resolutionMs, order: 'asc' });
  return packWindows(addedUp(windows, { dayStartMs, sizeMs: resolutionMs }));
}

export interface PackedSeries {
  readonly seriesId: number;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  readonly windows: Uint8Array;
}

/** What is packed of a day. */
export interface DayOfSeries {
  readonly resolutionMs: number;
  readonly packed: readonly PackedSeries[];
  /** Those whose rows must be read. */
  readonly unpacked: readonly number[];
}

/** Cuts a range at a day: what is read before it, the day's part, and what is read after it. */
export function cutAtDay({ fromMs, toMs }: TimeRange, dayStartMs: number, order: 'asc' | 'desc') {
  const day: TimeRange = { fromMs: Math.max(fromMs, dayStartMs), toMs: Math.min(toMs, dayStartMs + DAY_MS) };
  const earlier: TimeRange = { fromMs, toMs: day.fromMs };
  const later: TimeRange = { fromMs: day.toMs, toMs };
  return order === 'asc' ? { before: earlier, day, after: later } : { before: later, day, after: earlier };
}

/** A stretch of one day. */
export interface PackedStretch {
  readonly dayStartMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly resolutionMs: number;
  readonly order: 'asc' | 'desc';
}

/** The windows of several series in the order of time. What is given is good until the next is asked for. */
export function* windowsOf(series: readonly PackedSeries[], stretch: PackedStretch): Generator<Summand, void> {
  const { dayStartMs, fromMs, toMs, resolutionMs, order } = stretch;
  const [first, end] = [(fromMs - dayStartMs) / resolutionMs, (toMs - dayStartMs) / resolutionMs];
  const places = placesOf(series, DAY_MS / resolutionMs);
  const window = new PackedSummand();
  for (let i = 0; i < end - first; i++) {
    const index = order === 'asc' ? first + i : end - 1 - i;
    window.windowStartMs = dayStartMs + index * resolutionMs;
    for (let place = places.heads[index] as number; place >= 0; place = places.nexts[place] as number) {
      window.moveTo(series[places.owners[place] as number] as PackedSeries, places.offsets[place] as number);
      yield window;
    }
  }
}

/** Where each window's tallies are: a list for each window, linked by numbers. */
interface Places {
  readonly heads: Int32Array;
  readonly nexts: Int32Array;
  readonly owners: Int32Array;
  readonly offsets: Int32Array;
}

function placesOf(series: readonly PackedSeries[], windowCount: number): Places {
  const count = series.length * windowCount;
  const heads = new Int32Array(windowCount).fill(-1);
  const [nexts, owners, offsets] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  let place = 0;
  for (let owner = series.length - 1; owner >= 0; owner--) {
    const bytes = series[owner]?.windows ?? new Uint8Array(0);
    const reader: ByteReader = { bytes, at: 0 };
    let index = 0;
    while (reader.at < bytes.length) {
      index += readVarint(reader);
      const length = readVarint(reader);
      owners[place] = owner;
      offsets[place] = reader.at;
      nexts[place] = heads[index] as number;
      heads[index] = place++;
      reader.at += length;
    }
  }
  return { heads, nexts, owners, offsets };
}

class PackedSummand implements Summand {
  windowStartMs = 0;
  seriesId = 0;
  route = '';
  model = '';
  provider = '';
  #reader: ByteReader = { bytes: new Uint8Array(0), at: 0 };

  moveTo({ seriesId, route, model, provider, windows }: PackedSeries, at: number): void {
    this.seriesId = seriesId;
    this.route = route;
    this.model = model;
    this.provider = provider;
    this.#reader = { bytes: windows, at };
  }

  addTo(into: Tally): void {
    addEncodedTally(into, this.#reader);
  }
}
