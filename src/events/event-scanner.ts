import { EVENT_BYTES_MAX, METADATA_BYTES_MAX } from './fields.ts';
import { EVENT_RULES, type EventRules, type FieldRule } from './scan-rules.ts';
import type { EventType } from './topics.ts';

/** An event that is valid for certain. */
export interface ScannedEvent {
  readonly type: EventType;
  readonly requestId: string;
  readonly tenantId: string | null;
  /** Where its closing brace was, plus one. */
  readonly end: number;
}

/**
 * Recognises valid events by their bytes, without making an object, which takes a fifth of the time of `JSON.parse` and
 * the check against the schema. It knows what clients write: ASCII without escapes, whole numbers and plain decimals,
 * instants in UTC, each field once. For all else, also for what is not valid, it gives up, and the schema decides.
 */
export class EventScanner {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The event that begins at `from`, or null. Where no type is given its first field must name it. */
  scan(from: number, given: EventType | null): ScannedEvent | null {
    const bytes = this.#bytes;
    this.#at = from;
    if (!this.#take(OPEN_BRACE)) return null;
    const type = given ?? this.#leadingType();
    if (type === null) return null;
    const rules = EVENT_RULES[type];
    let seenBits = 0;
    let [idFrom, idTo, tenantFrom, tenantTo] = [0, 0, 0, 0];
    do {
      this.#skipSpaces();
      const nameAt = this.#at + 1;
      const nameLength = this.#text();
      if (nameLength < 0 || !this.#take(COLON)) return null;
      this.#skipSpaces();
      const rule = ruleAt(rules, bytes, nameAt, nameLength);
      if (rule === null) {
        // Of two types the last one would count.
        if (given === null && isTypeAt(bytes, nameAt, nameLength)) return null;
        if (!this.#anyValue(0)) return null;
        continue;
      }
      if ((seenBits & rule.bit) !== 0) return null;
      seenBits |= rule.bit;
      const valueAt = this.#at;
      if (!this.#value(rule)) return null;
      if (rule.bit === rules.requestIdBit) [idFrom, idTo] = [valueAt + 1, this.#at - 1];
      else if (rule.bit === rules.tenantIdBit) [tenantFrom, tenantTo] = [valueAt + 1, this.#at - 1];
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_BRACE)) return null;
    const end = this.#at;
    const isComplete = (seenBits & rules.requiredBits) === rules.requiredBits;
    if (!isComplete || end - from > SCANNED_BYTES_MAX) return null;
    return {
      type,
      requestId: bytes.toString('latin1', idFrom, idTo),
      tenantId: tenantTo === 0 ? null : bytes.toString('latin1', tenantFrom, tenantTo),
      end,
    };
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #skipSpaces(): void {
    while (this.#bytes[this.#at] === SPACE) this.#at++;
  }

  /** `"type":"request",` with or without spaces. */
  #leadingType(): EventType | null {
    const nameAt = this.#at + 1;
    if (!isTypeAt(this.#bytes, nameAt, this.#text()) || !this.#take(COLON)) return null;
    this.#skipSpaces();
    const valueAt = this.#at + 1;
    const length = this.#text();
    if (length < 0 || !this.#take(COMMA)) return null;
    for (const { type, name } of TYPES) if (isSame(name, this.#bytes, valueAt, length)) return type;
    return null;
  }

  /** A text of plain characters; its length, or -1. */
  #text(): number {
    const bytes = this.#bytes;
    const from = this.#at + 1;
    if (from > bytes.length || bytes[from - 1] !== QUOTE) return -1;
    let at = from;
    while (at < bytes.length && IS_PLAIN[bytes[at] as number] === 1) at++;
    if (at >= bytes.length || bytes[at] !== QUOTE) return -1;
    this.#at = at + 1;
    return at - from;
  }

  #value(rule: FieldRule): boolean {
    const first = this.#bytes[this.#at];
    if (first === LETTER_N) return rule.isNullable && this.#word(NULL);
    switch (rule.kind) {
      case 'text': {
        const chars = this.#text();
        return chars >= rule.charsMin && chars <= rule.limit;
      }
      case 'timestamp':
        return this.#timestamp();
      case 'integer': {
        const whole = this.#digits();
        return whole >= 0 && whole <= rule.limit;
      }
      case 'number': {
        // Below the limit whatever the fraction says.
        const whole = this.#digits();
        return whole >= 0 && whole < rule.limit && this.#fraction();
      }
      case 'flag':
        return this.#word(TRUE) || this.#word(FALSE);
      case 'object':
        return first === OPEN_BRACE && this.#anyValue(0);
      case 'unknown':
        break;
    }
    return false;
  }

  /** Anything that JSON allows and that is written plainly. */
  #anyValue(depth: number): boolean {
    switch (this.#bytes[this.#at] ?? 0) {
      case QUOTE:
        return this.#text() >= 0;
      case OPEN_BRACE:
        return depth < DEPTH_MAX && this.#members(depth + 1, CLOSE_BRACE, true);
      case OPEN_BRACKET:
        return depth < DEPTH_MAX && this.#members(depth + 1, CLOSE_BRACKET, false);
      case LETTER_N:
        return this.#word(NULL);
      case LETTER_T:
        return this.#word(TRUE);
      case LETTER_F:
        return this.#word(FALSE);
      case MINUS:
        this.#at++;
        return this.#digits() >= 0 && this.#fraction();
      default:
        return this.#digits() >= 0 && this.#fraction();
    }
  }

  #members(depth: number, close: number, isNamed: boolean): boolean {
    this.#at++;
    if (this.#take(close)) return true;
    do {
      this.#skipSpaces();
      if (isNamed) {
        if (this.#text() < 0 || !this.#take(COLON)) return false;
        this.#skipSpaces();
      }
      if (!this.#anyValue(depth)) return false;
    } while (this.#take(COMMA));
    return this.#take(close);
  }

  #word(word: Uint8Array): boolean {
    if (!isSame(word, this.#bytes, this.#at, word.length)) return false;
    this.#at += word.length;
    return true;
  }

  /** A whole number ≥ 0 that a double holds, or -1. What comes after it is the caller's business. */
  #digits(): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let value = 0;
    let at = from;
    for (; at < bytes.length && at < from + DIGITS_MAX; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const length = at - from;
    if (length === 0 || (length > 1 && bytes[from] === ZERO)) return -1;
    this.#at = at;
    return value;
  }

  /** Nothing, or a point and digits. */
  #fraction(): boolean {
    if (!this.#take(POINT)) return true;
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    while (at < bytes.length && isDigit(bytes[at] as number)) at++;
    this.#at = at;
    return at > from && at - from <= DIGITS_MAX;
  }

  /** `"2025-11-19T10:00:00.123Z"` within the years that `Timestamp` takes; 29 February is left to the calendar. */
  #timestamp(): boolean {
    const bytes = this.#bytes;
    const at = this.#at + 1;
    const chars = this.#text();
    if (chars < SECONDS_END + 1 || bytes[at + chars - 1] !== LETTER_Z) return false;
    const isPunctuated =
      bytes[at + 4] === MINUS &&
      bytes[at + 7] === MINUS &&
      bytes[at + 10] === UPPER_T &&
      bytes[at + 13] === COLON &&
      bytes[at + 16] === COLON;
    if (!isPunctuated) return false;
    const century = this.#twoDigits(at);
    const year = this.#twoDigits(at + 2);
    const month = this.#twoDigits(at + 5);
    const day = this.#twoDigits(at + 8);
    const isYear = year >= 0 && ((century === 19 && year >= 70) || century === 20 || century === 21);
    if (!isYear || month < 1 || month > 12 || day < 1 || day > (DAYS[month - 1] as number)) return false;
    const [hour, minute] = [this.#twoDigits(at + 11), this.#twoDigits(at + 14)];
    const second = this.#twoDigits(at + 17);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    return chars === SECONDS_END + 1 || this.#isFractionOfSecond(at + SECONDS_END, at + chars - 1);
  }

  #isFractionOfSecond(from: number, to: number): boolean {
    if (this.#bytes[from] !== POINT || to - from < 2 || to - from > 10) return false;
    for (let i = from + 1; i < to; i++) if (!isDigit(this.#bytes[i] as number)) return false;
    return true;
  }

  #twoDigits(at: number): number {
    const tens = (this.#bytes[at] as number) - ZERO;
    const ones = (this.#bytes[at + 1] as number) - ZERO;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
  }
}

function ruleAt({ byLength }: EventRules, bytes: Buffer, at: number, length: number): FieldRule | null {
  for (const rule of byLength[length] ?? []) if (isSame(rule.name, bytes, at, length)) return rule;
  return null;
}

function isSame(word: Uint8Array, bytes: Buffer, at: number, length: number): boolean {
  if (word.length !== length || at + length > bytes.length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

function isTypeAt(bytes: Buffer, at: number, length: number): boolean {
  return isSame(TYPE, bytes, at, length);
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9;

/** Within it `metadata` is neither too large nor, see `DEPTH_MAX`, too deep. */
const SCANNED_BYTES_MAX = Math.min(EVENT_BYTES_MAX, METADATA_BYTES_MAX);
const DEPTH_MAX = 16;
/** Of so many any number is exact in a double, and written again it is not longer. */
const DIGITS_MAX = 15;
/** Characters of an instant up to its seconds. */
const SECONDS_END = 19;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const [QUOTE, COMMA, COLON, SPACE, MINUS, POINT, ZERO] = [0x22, 0x2c, 0x3a, 0x20, 0x2d, 0x2e, 0x30];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [LETTER_N, LETTER_T, LETTER_F, UPPER_T, LETTER_Z] = [0x6e, 0x74, 0x66, 0x54, 0x5a];
const [TYPE, NULL, TRUE, FALSE] = ['type', 'null', 'true', 'false'].map((word) => Buffer.from(word)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const TYPES = (Object.keys(EVENT_RULES) as EventType[]).map((type) => ({ type, name: Buffer.from(type) }));

/** Printable ASCII but for the quote and the backslash. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);
