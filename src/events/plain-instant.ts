import { isDigit } from './plain-json.ts';

/**
 * Reads RFC 3339 instants from ASCII bytes, as `TIMESTAMP_PATTERN` and `parseTimestampMs` have them. Events come by the
 * day, so the day is remembered: the calendar is asked only when it changes. 45 ns of CPU an instant, where making a
 * text of the bytes and reading that took 195 (in one run), twice in each call.
 */
export class PlainInstant {
  #day = 0;
  #dayMs = Number.NaN;

  /** Ms since the epoch, rounded down to whole ms. NaN for what is no such instant, and for rare forms of it. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const year = two(bytes, start) * 100 + two(bytes, start + 2);
    const month = two(bytes, start + 5);
    const day = two(bytes, start + 8);
    const hour = two(bytes, start + 11);
    const minute = two(bytes, start + 14);
    const second = two(bytes, start + 17);
    // A NaN among the digits fails these too.
    if (!(hour < 24 && minute < 60 && second < 60) || end - start < SHORTEST) return Number.NaN;
    if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH || bytes[start + 10] !== T) return Number.NaN;
    if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return Number.NaN;
    let at = start + 19;
    let fractionMs = 0;
    if (bytes[at] === DOT) {
      const fractionStart = ++at;
      for (let unit = 100; at < end && isDigit(bytes[at]); at++, unit /= 10) {
        if (unit >= 1) fractionMs += ((bytes[at] as number) - ZERO) * unit;
      }
      if (at === fractionStart || at - fractionStart > 9) return Number.NaN;
    }
    const offsetMs = at === end - 1 && bytes[at] === Z ? 0 : readOffsetMs(bytes, at, end);
    return this.#msOfDay(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 + fractionMs - offsetMs;
  }

  #msOfDay(year: number, month: number, day: number): number {
    const asNumber = (year * 100 + month) * 100 + day;
    if (asNumber !== this.#day) {
      this.#day = asNumber;
      const date = new Date(Date.UTC(year, month - 1, day));
      const isReal = year >= 1970 && year < 2200 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
      this.#dayMs = isReal ? date.getTime() : Number.NaN;
    }
    return this.#dayMs;
  }
}

const SHORTEST = 20;
const ZERO = 0x30;
const DASH = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;

/** Two digits; NaN where they are not. */
function two(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at]) || !isDigit(bytes[at + 1])) return Number.NaN;
  return ((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO;
}

function readOffsetMs(bytes: Uint8Array, at: number, end: number): number {
  const hours = two(bytes, at + 1);
  const minutes = two(bytes, at + 4);
  if (end - at !== 6 || bytes[at + 3] !== COLON || !(hours < 24 && minutes < 60)) return Number.NaN;
  if (bytes[at] === PLUS) return (hours * 60 + minutes) * 60_000;
  return bytes[at] === DASH ? -(hours * 60 + minutes) * 60_000 : Number.NaN;
}
