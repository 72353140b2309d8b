import { OVERFLOW, REPRICED } from '../tally/series.ts';
import { Tally } from '../tally/tally.ts';
import { RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../tally/window.ts';
import { addRepriced, REPRICED_FIELDS, type RepricedSums, RepricedTotal } from './billed-columns.ts';
import { compareEntries, EntryReader, encodePiece, type PieceEntry, RESERVED_VALUES } from './dimension-piece.ts';

/** A cost correction that was applied to a series. */
export interface AppliedCorrection {
  readonly tenantKey: number;
  readonly seriesId: number;
  readonly windowStartMs: number;
  readonly change: RepricedSums;
}

/** What of the corrections of a series and minute is of the calls of one value of a dimension. */
export interface ValueShare {
  readonly dimension: string;
  readonly value: string;
  readonly change: RepricedSums;
}

export interface PlacedShare extends ValueShare {
  readonly tenantKey: number;
  readonly seriesId: number;
  readonly windowStartMs: number;
}

/** What corrections change in one window. */
export interface RepricedWindow {
  readonly tenantKey: number;
  readonly windowMs: ResolutionMs;
  readonly windowStartMs: number;
  readonly changes: readonly RepricedMinute[];
}

/** All that was applied to a series in a minute. */
interface RepricedMinute {
  readonly seriesId: number;
  readonly windowStartMs: number;
  readonly change: RepricedSums;
  /** By dimension, where it is known whose calls these were. */
  readonly shares: ReadonlyMap<string, readonly ValueShare[]>;
}

/** @param shares of series and minutes of which all that changed is believed to be known */
export function repricedWindows(
  applied: readonly AppliedCorrection[],
  shares: readonly PlacedShare[] = [],
): Iterable<RepricedWindow> {
  const keyOf = ({ tenantKey, seriesId, windowStartMs: atMs }: Omit<AppliedCorrection, 'change'>): string =>
    `${tenantKey} ${seriesId} ${atMs}`;
  const known = Map.groupBy(shares, keyOf);
  const windows = new Map<string, RepricedWindow & { readonly changes: RepricedMinute[] }>();
  for (const [key, corrections] of Map.groupBy(applied, keyOf)) {
    const [first] = corrections;
    if (first === undefined) continue;
    const { tenantKey, seriesId, windowStartMs: atMs } = first;
    const change = totalChange(corrections);
    const minute = { seriesId, windowStartMs: atMs, change, shares: wholeShares(change, known.get(key) ?? []) };
    for (const windowMs of RESOLUTIONS_MS) {
      const startMs = windowStartMs(atMs, windowMs);
      const windowKey = `${tenantKey} ${windowMs} ${startMs}`;
      const window = windows.get(windowKey) ?? { tenantKey, windowMs, windowStartMs: startMs, changes: [] };
      windows.set(windowKey, window);
      window.changes.push(minute);
    }
  }
  return windows.values();
}

/**
 * By dimension those shares that come to exactly what was applied. Else some of the calls are not among them, and a
 * value would have some of its calls at new prices and others at old ones.
 */
export function wholeShares(
  change: RepricedSums,
  shares: readonly ValueShare[],
): ReadonlyMap<string, readonly ValueShare[]> {
  return new Map(
    [...Map.groupBy(shares, ({ dimension }) => dimension)].filter(([, own]) => isEqual(totalChange(own), change)),
  );
}

export function totalChange(parts: readonly { readonly change: RepricedSums }[]): RepricedSums {
  const total = new RepricedTotal();
  for (const { change } of parts) total.add(change);
  return total;
}

function isEqual(a: RepricedSums, b: RepricedSums): boolean {
  return REPRICED_FIELDS.every((field) => a[field] === b[field]);
}

/** Texts of the values whose numbers a window's piece needs. */
export function sharedValues({ changes }: RepricedWindow, dimension: string): readonly string[] {
  return changes.flatMap(({ shares }) => shares.get(dimension)?.map(({ value }) => value) ?? []);
}

/**
 * The piece that corrects a dimension's window, whose pieces these are; null where they have none of the series.
 *
 * @param numberOf null: there is no such value
 */
export function repricedPiece(
  { changes }: RepricedWindow,
  dimension: string,
  { pieces, numberOf }: { readonly pieces: Iterable<Uint8Array>; readonly numberOf: (text: string) => number | null },
): Uint8Array | null {
  const there = valuesBySeries(pieces);
  const entries = new Map<string, PieceEntry>();
  for (const { seriesId, change, shares } of changes) {
    const values = there.get(seriesId);
    if (values === undefined) continue;
    for (const share of shares.get(dimension) ?? [{ value: REPRICED, change }]) {
      const value = numberOf(countedUnder(share.value, (text) => values.has(numberOf(text) ?? -1)));
      if (value === null) continue;
      const key = `${value} ${seriesId}`;
      const entry = entries.get(key) ?? { value, seriesId, tally: new Tally() };
      entries.set(key, entry);
      addRepriced(entry.tally, share.change);
    }
  }
  if (entries.size === 0) return null;
  return encodePiece([...entries.values()].sort(compareEntries));
}

/**
 * Under which value calls of one were counted: under it, where it has rows; beyond the limit of their day under the
 * overflow. One that was counted under neither came before the dimension was set.
 */
export function countedUnder(value: string, isThere: (value: string) => boolean): string {
  if (isThere(value)) return value;
  return !RESERVED.has(value) && isThere(OVERFLOW) ? OVERFLOW : REPRICED;
}

const RESERVED: ReadonlySet<string> = new Set(RESERVED_VALUES);

function valuesBySeries(pieces: Iterable<Uint8Array>): ReadonlyMap<number, ReadonlySet<number>> {
  const there = new Map<number, Set<number>>();
  for (const piece of pieces) {
    const reader = new EntryReader(piece);
    while (reader.next()) {
      const values = there.get(reader.seriesId) ?? new Set<number>();
      there.set(reader.seriesId, values.add(reader.value));
    }
  }
  return there;
}
