/** Positions in JSON bytes, for those who read it without `JSON.parse`; see `plain-event.ts`. */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACE = 0x7d;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** 1 for the bytes that stand for themselves in a text: ASCII without control characters, quote and backslash. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The first position at or after `at` that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  // Most senders write none, and everything else is above the space.
  if ((bytes[at] as number) > 0x20) return at;
  let i = at;
  while (i < end && isSpace(bytes[i] as number)) i++;
  return i;
}

/** Where a plain text that begins at `start` (after its quote) has its closing quote; -1 where it is not plain. */
export function textEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && IS_PLAIN[bytes[at] as number] === 1) at++;
  return at < end && bytes[at] === QUOTE ? at : -1;
}

/** Behind the bracket that closes the object at `start`; -1 where there is none before `end`, or it is nested deeply. */
export function objectEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (++depth > DEPTH_MAX) return -1;
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      if (--depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Whether a word such as `null` stands there. */
export function isWordAt(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** Far below `METADATA_LEVELS_MAX`; what lies deeper is no plain event. */
const DEPTH_MAX = 32;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
