import type { Tally } from '../../tally/tally.ts';
import { addEncodedTally, encodeTally } from '../../tally/tally-codec.ts';
import { type ByteReader, pushVarint, readVarint } from '../../tally/varint.ts';
import { DAY_MS } from '../../tally/window.ts';
import type { Summand } from '../regroup.ts';

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

export interface PackedSeries {
  readonly seriesId: number;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  readonly windows: Uint8Array;
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
