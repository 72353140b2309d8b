import { zigzag } from '../../tally/varint.ts';
import { hashOf } from './hash-index.ts';

/** What a byte says that a value begins with. Every other byte is a small number. */
export const TAGS = {
  null: 0,
  true: 1,
  false: 2,
  integer: 3,
  double: 4,
  /** A text of the page's dictionary. */
  known: 5,
  /** Code units below 256, a byte each. */
  narrow: 6,
  /** Any code units, two bytes each. */
  wide: 7,
  /** Hexadecimal digits, two in a byte. */
  hex: 8,
  /** The first long id of this value again. */
  again: 9,
  array: 10,
  object: 11,
  /** An object of the page's that is no part of the value. */
  reference: 12,
  /** A whole number by its distance from the page's first large one: times of a page are near to each other. */
  near: 13,
  /** A text of the page's dictionary, and the digits of a number behind it: `user-4541`. */
  numbered: 14,
  /** A text of the page's dictionary, and code units below 256 behind it: `msg_01XFDUDYJgAACzvnptvVoYEL`. */
  begun: 15,
  /** As many hexadecimal digits as an id of a trace has. */
  longHex: 16,
  /** As many as that of a span has. */
  shortHex: 17,
} as const;
/** A whole number from here on to 255 is that number less this one. */
export const SMALL_FROM = 18;
const SMALL_MAX = 255 - SMALL_FROM;

/** Ids of traces: what a value says again and again. */
export const LONG_ID_CHARS = 32;
/** Ids of spans. */
export const SHORT_ID_CHARS = 16;
/** Shorter ones are as well written as they are. */
const HEX_CHARS_MIN = 8;
const SCRATCH_BYTES = 64 * 1024;
/** A larger scratch is let go of after use. */
const SCRATCH_BYTES_KEPT = 1024 * 1024;

/** Objects that are kept as they are, by identity, beside what is packed. */
export class Reference {
  readonly to: object;

  constructor(to: object) {
    this.to = to;
  }
}

/** The names of an object's members, in their order. */
class Shape {
  /** In the page; -1 for one that no object had so far. */
  id = -1;
  readonly #next = new Map<string, Shape>();
  /** What followed last: objects of a kind come one after the other. */
  #lastName = '';
  #last: Shape | null = null;

  with(name: string): Shape {
    if (this.#last !== null && this.#lastName === name) return this.#last;
    let next = this.#next.get(name);
    if (next === undefined) this.#next.set(name, (next = new Shape()));
    this.#lastName = name;
    this.#last = next;
    return next;
  }
}

/** What the values of one page have in common, as the reader needs it. */
export interface PageTerms {
  readonly texts: string[];
  readonly shapes: (readonly string[])[];
  readonly references: object[];
  /** The first large number; 0 as long as there was none. */
  firstLarge: number;
}

/**
 * Writes JSON values in few bytes: names of members, and texts that come more than once in a page, are numbers; ids are
 * halved, and what they begin with is known. Nothing of what a value says is lost, not even the order of its members.
 */
export class ValueWriter {
  readonly terms: PageTerms = { texts: [], shapes: [], references: [], firstLarge: 0 };
  /** The number of a text that came more than once. */
  readonly #texts = new Map<string, number>();
  /**
   * By some of its bits, the hash of the text that was seen last; of another text with the same hash it is forgotten,
   * and one may be taken for known too early. The texts themselves, most of which never come again, would all grow old.
   */
  readonly #seen = new Int32Array(SEEN_MAX);
  readonly #references = new Map<object, number>();
  readonly #shape = new Shape();
  #bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #at = 0;
  #longId: string | null = null;

  /** Valid until the next `write`. */
  write(value: unknown): Uint8Array {
    if (this.#bytes.length > SCRATCH_BYTES_KEPT) this.#bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    this.#at = 0;
    this.#longId = null;
    this.#put(value);
    return this.#bytes.subarray(0, this.#at);
  }

  #put(value: unknown): void {
    this.#reserve(SIMPLE_BYTES_MAX);
    if (typeof value === 'string') this.#putText(value);
    else if (typeof value === 'number') this.#putNumber(value);
    else if (typeof value === 'boolean') this.#byte(value ? TAGS.true : TAGS.false);
    else if (value === null || value === undefined) this.#byte(TAGS.null);
    else if (Array.isArray(value)) this.#putArray(value);
    else if (value instanceof Reference) this.#putReference(value.to);
    else this.#putObject(value as Readonly<Record<string, unknown>>);
  }

  #putNumber(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      this.#byte(TAGS.double);
      this.#bytes.writeDoubleLE(value, this.#at);
      this.#at += 8;
    } else if (value <= SMALL_MAX) {
      this.#byte(SMALL_FROM + value);
    } else if (value < LARGE_FROM) {
      this.#tagged(TAGS.integer, value);
    } else {
      this.#putLarge(value);
    }
  }

  #putLarge(value: number): void {
    const { terms } = this;
    if (terms.firstLarge === 0) terms.firstLarge = value;
    const distance = zigzag(value - terms.firstLarge);
    if (distance < NEAR_MAX) this.#tagged(TAGS.near, distance);
    else this.#tagged(TAGS.integer, value);
  }

  #putText(text: string): void {
    if (text === this.#longId) return this.#byte(TAGS.again);
    // An id of a trace or a span: nobody else has it, so it need not be looked for.
    if (text.length === LONG_ID_CHARS || text.length === SHORT_ID_CHARS) {
      this.#reserve(SIMPLE_BYTES_MAX + text.length);
      if (this.#putHex(text)) return;
    }
    const known = this.#texts.get(text);
    if (known !== undefined) return this.#tagged(TAGS.known, known);
    this.#reserve(SIMPLE_BYTES_MAX + 2 * text.length);
    const length = beginningOf(text);
    if (length === 0 && this.#putHex(text)) return;
    this.#note(text);
    if (length > 0 && this.#putBegun(text, length)) return;
    if (!this.#putNarrow(text)) {
      this.#tagged(TAGS.wide, text.length);
      this.#at += this.#bytes.write(text, this.#at, 'utf16le');
    }
  }

  /** What comes for the second time is known from now on. */
  #note(text: string): void {
    const hash = hashOf(text);
    if (this.#seen[hash & (SEEN_MAX - 1)] === hash) this.#texts.set(text, this.terms.texts.push(text) - 1);
    else this.#seen[hash & (SEEN_MAX - 1)] = hash;
  }

  /**
   * Most ids begin with what they are.
   *
   * @param length of that
   * @returns false, and nothing is written, where nothing is known that begins like this
   */
  #putBegun(text: string, length: number): boolean {
    const beginning = text.slice(0, length);
    const known = this.#texts.get(beginning);
    if (known === undefined) {
      this.#note(beginning);
      return false;
    }
    const number = numberIn(text, length);
    if (number < 0) return this.#putNarrow(text, length, known);
    this.#tagged(TAGS.numbered, known);
    this.#count(number);
    return true;
  }

  /** @returns false, and nothing is written, where the text is something else. There must be room for it. */
  #putHex(text: string): boolean {
    const { length } = text;
    if (length < HEX_CHARS_MIN || length % 2 === 1) return false;
    const bytes = this.#bytes;
    const start = this.#at;
    if (length === LONG_ID_CHARS) this.#byte(TAGS.longHex);
    else if (length === SHORT_ID_CHARS) this.#byte(TAGS.shortHex);
    else this.#tagged(TAGS.hex, length / 2);
    let at = this.#at;
    for (let i = 0; i < length; i += 2) {
      const value = (hexDigit(text.charCodeAt(i)) << 4) | hexDigit(text.charCodeAt(i + 1));
      if (value < 0) {
        this.#at = start;
        return false;
      }
      bytes[at++] = value;
    }
    this.#at = at;
    if (length === LONG_ID_CHARS) this.#longId ??= text;
    return true;
  }

  /**
   * There must be room for it.
   *
   * @param from what is before it is what a known text says
   * @returns false, and nothing is written, where a code unit takes two bytes
   */
  #putNarrow(text: string, from = 0, known = -1): boolean {
    const { length } = text;
    const bytes = this.#bytes;
    const start = this.#at;
    if (known < 0) this.#byte(TAGS.narrow);
    else this.#tagged(TAGS.begun, known);
    this.#count(length - from);
    let at = this.#at;
    for (let i = from; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) {
        this.#at = start;
        return false;
      }
      bytes[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  #putArray(values: readonly unknown[]): void {
    this.#tagged(TAGS.array, values.length);
    for (const value of values) this.#put(value);
  }

  #putReference(to: object): void {
    let id = this.#references.get(to);
    if (id === undefined) this.#references.set(to, (id = this.terms.references.push(to) - 1));
    this.#tagged(TAGS.reference, id);
  }

  #putObject(value: Readonly<Record<string, unknown>>): void {
    let shape = this.#shape;
    // Walked by `in`, a member is read where it lies; by a name from `Object.keys` it is looked for. None is inherited.
    for (const name in value) if (value[name] !== undefined) shape = shape.with(name);
    if (shape.id < 0) {
      shape.id = this.terms.shapes.push(Object.keys(value).filter((name) => value[name] !== undefined)) - 1;
    }
    this.#tagged(TAGS.object, shape.id);
    for (const name in value) {
      const member = value[name];
      if (member !== undefined) this.#put(member);
    }
  }

  #tagged(tag: number, count: number): void {
    this.#byte(tag);
    this.#count(count);
  }

  #byte(byte: number): void {
    this.#bytes[this.#at++] = byte;
  }

  /** Seven bits a byte, the lowest first. */
  #count(count: number): void {
    let rest = count;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  #reserve(byteCount: number): void {
    if (this.#at + byteCount <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + byteCount));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** A power of two. */
const SEEN_MAX = 1024;
/** A tag and two counts. */
const SIMPLE_BYTES_MAX = 24;
/** A number from here on takes more than six bytes; what is near to one takes five at most. */
const LARGE_FROM = 2 ** 35;
const NEAR_MAX = 2 ** 28;
/** So many digits are no number that ends. */
const DIGITS_MAX = 15;

/** How many units of a text come before an id in it, if one does: up to the last `-` or `_`. */
function beginningOf(text: string): number {
  for (let at = text.length - 1; at > 0; at--) {
    const unit = text.charCodeAt(at);
    if (unit === 0x2d || unit === 0x5f) return at + 1;
  }
  return 0;
}

/** The number whose digits stand in a text from there on; negative where something else does. */
function numberIn(text: string, from: number): number {
  const { length } = text;
  if (length === from || length - from > DIGITS_MAX) return -1;
  // It would be lost.
  if (text.charCodeAt(from) === 0x30 && length - from > 1) return -1;
  let number = 0;
  for (let at = from; at < length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = 10 * number + digit;
  }
  return number;
}

/** Negative where it is none: capitals are not, for what was written has to come back as it was. */
function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  return unit >= 0x61 && unit <= 0x66 ? unit - 0x61 + 10 : -1;
}
