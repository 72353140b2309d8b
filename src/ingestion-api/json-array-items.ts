/**
 * Where the items of a JSON array lie in its bytes. They are found without being parsed, so that a large array can be
 * read item by item: `JSON.parse` makes objects of all of it in one turn, a hundred times its bytes at worst.
 *
 * An item's bytes need not be JSON; whoever parses them finds out. If all of them are, the whole was.
 */
export class JsonArrayItems {
  readonly #bytes: Buffer;
  #at: number;
  #isFirst = true;
  #isClosed = false;
  /** Where the item that was found last begins, without the blanks around it. */
  start = 0;
  end = 0;

  /** @param bytes with `[` as the first that is no blank */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#at = skipBlanks(bytes, 0) + 1;
  }

  /** Finds the next item. `broken` where the array has no end, or something after it: at `start`. */
  next(): 'item' | 'end' | 'broken' {
    const bytes = this.#bytes;
    this.start = skipBlanks(bytes, this.#at);
    if (this.#isFirst && bytes[this.start] === BRACKET_CLOSE) {
      this.#isClosed = true;
      this.start = skipBlanks(bytes, this.start + 1);
    }
    this.#isFirst = false;
    if (this.#isClosed) return this.start === bytes.length ? 'end' : 'broken';
    const stop = endOfItem(bytes, this.start);
    if (stop === bytes.length) {
      this.start = stop;
      return 'broken';
    }
    this.end = stop;
    while (this.end > this.start && isBlankByte(bytes[this.end - 1])) this.end--;
    this.#at = stop + 1;
    this.#isClosed = bytes[stop] === BRACKET_CLOSE;
    return 'item';
  }
}

/** Whether the first byte that is no blank opens an array. */
export function isJsonArray(bytes: Buffer): boolean {
  return bytes[skipBlanks(bytes, 0)] === BRACKET_OPEN;
}

/** At the comma or bracket behind the item, or at the end of the bytes where there is none. */
function endOfItem(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let i = start; i < bytes.length; i++) {
    switch (bytes[i] ?? 0) {
      case QUOTE:
        i = endOfString(bytes, i);
        break;
      case BRACE_OPEN:
      case BRACKET_OPEN:
        depth++;
        break;
      case BRACKET_CLOSE:
        if (depth === 0) return i;
        depth--;
        break;
      case BRACE_CLOSE:
        depth--;
        break;
      case COMMA:
        if (depth <= 0) return i;
        break;
      default:
    }
  }
  return bytes.length;
}

/** At the quote that ends the string which begins at `start`, or at the end of the bytes. */
function endOfString(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
  }
  return bytes.length;
}

function skipBlanks(bytes: Buffer, from: number): number {
  let i = from;
  while (i < bytes.length && isBlankByte(bytes[i])) i++;
  return i;
}

/** Whether a byte is one of the four blanks that JSON knows. */
export function isBlankByte(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
