import { isUtf8 } from 'node:buffer';

/** Positions in JSON bytes, for those who read it without `JSON.parse`; see `plain-event.ts`. */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACE = 0x7d;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const PLUS = 0x2b;
export const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const LOWER_CASE = 0x20;

const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9;
}

/** The first position at or after `at` that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  // Most senders write none, and everything else is above the space.
  if ((bytes[at] as number) > 0x20) return at;
  let i = at;
  while (isSpace(bytes[i])) i++;
  return i;
}

/**
 * Where the text that begins at `start` (after its quote) has its closing quote; -1 where it is not plain: ASCII
 * without control characters and escapes, whose bytes are its characters.
 */
export function plainTextEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (IS_PLAIN[bytes[at] as number] === 1) at++;
  return bytes[at] === QUOTE ? at : -1;
}

/** Whether a word such as `null` stands there. */
export function isWordAt(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** Behind the number that begins at `start`; -1 where there is none. */
export function numberEnd(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === MINUS ? start + 1 : start;
  let at = bytes[whole] === ZERO ? whole + 1 : digitsEnd(bytes, whole);
  if (at !== -1 && bytes[at] === DOT) at = digitsEnd(bytes, at + 1);
  if (at !== -1 && isExponentAt(bytes, at)) {
    const sign = bytes[at + 1];
    at = digitsEnd(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

export function isExponentAt(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] as number) | LOWER_CASE) === LETTER_E;
}

/**
 * Behind the value that begins at `start`, which may be anything that `JSON.parse` takes; -1 where there is none, or
 * one that is nested too deeply for this. It takes nothing that `JSON.parse` would refuse.
 */
export function valueEnd(bytes: Uint8Array, start: number): number {
  // The brackets that are open, a bit for each, the innermost lowest: 1 for an object. Before them stands a 1.
  let open = 1;
  for (let at = start; ; ) {
    const byte = bytes[at];
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (open >= OPEN_MAX) return -1;
      open = open * 2 + (byte === OPENING_BRACE ? 1 : 0);
      const first = skipSpace(bytes, at + 1);
      if (bytes[first] !== closingOf(open)) {
        at = (open & 1) === 1 ? memberValue(bytes, first) : first;
        if (at === -1) return -1;
        continue;
      }
      at = first;
    } else {
      at = scalarEnd(bytes, at);
      if (at === -1) return -1;
    }
    for (; open > 1; at++, open >>= 1) {
      at = skipSpace(bytes, at);
      if (bytes[at] !== closingOf(open)) break;
    }
    if (open === 1) return at;
    if (bytes[at] !== COMMA) return -1;
    const next = skipSpace(bytes, at + 1);
    at = (open & 1) === 1 ? memberValue(bytes, next) : next;
    if (at === -1) return -1;
  }
}

/** 30 levels, far below `METADATA_LEVELS_MAX`. */
const OPEN_MAX = 2 ** 30;

const closingOf = (open: number): number => ((open & 1) === 1 ? CLOSING_BRACE : CLOSING_BRACKET);

/** Where the value of the member whose name begins at `at` begins; -1 where there is none. */
function memberValue(bytes: Uint8Array, at: number): number {
  const nameEnd = bytes[at] === QUOTE ? anyTextEnd(bytes, at + 1) : -1;
  if (nameEnd === -1) return -1;
  const colon = skipSpace(bytes, nameEnd + 1);
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : -1;
}

function scalarEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === QUOTE) {
    const end = anyTextEnd(bytes, at + 1);
    return end === -1 ? -1 : end + 1;
  }
  for (const word of WORDS) if (isWordAt(bytes, at, word)) return at + word.length;
  return numberEnd(bytes, at);
}

const WORDS = ['null', 'true', 'false'];

/** Where a text ends that may hold escapes and characters beyond ASCII; −1 where it does not end. */
function anyTextEnd(bytes: Uint8Array, start: number): number {
  let isAscii = true;
  for (let at = start; ; at++) {
    const byte = bytes[at] as number;
    if (IS_PLAIN[byte] === 1) continue;
    if (byte === QUOTE) return isAscii || isUtf8(bytes.subarray(start, at)) ? at : -1;
    if (byte >= 0x80) {
      isAscii = false;
    } else if (byte === BACKSLASH) {
      at++;
      if (bytes[at] === LETTER_U) {
        for (const last = at + 4; at < last; ) if (!isHexDigit(bytes[++at])) return -1;
      } else if (!ESCAPED.has(bytes[at])) return -1;
    } else return -1;
  }
}

const ESCAPED: ReadonlySet<number | undefined> = new Set(Buffer.from('"\\/bfnrt'));

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at++;
  return at === start ? -1 : at;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | LOWER_CASE;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
