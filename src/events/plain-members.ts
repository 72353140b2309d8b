import { CLOSING_BRACE, COMMA, plainTextEnd, QUOTE, skipSpace, valueEnd } from './plain-json.ts';

/**
 * Where the values of some members of an object lie in its bytes, which are known to be valid JSON: metadata are read
 * for a key or two, and `JSON.parse` makes objects and texts of all that is in them.
 *
 * Where a name or a wanted text is not plain (ASCII without escapes) it knows nothing, and `JSON.parse` is left.
 */
export class PlainMembers {
  /** By key, where the value begins, a text with its quote; -1 for none. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #keys: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => Buffer.from(key));
    this.starts = new Int32Array(keys.length);
    this.ends = new Int32Array(keys.length);
  }

  /** False where it cannot tell. Of members of one name the last counts, as `JSON.parse` has it. */
  find(bytes: Uint8Array, start: number): boolean {
    this.starts.fill(-1);
    let at = skipSpace(bytes, start + 1);
    if (bytes[at] === CLOSING_BRACE) return true;
    for (;;) {
      const nameEnd = plainTextEnd(bytes, at + 1);
      if (nameEnd === -1) return false;
      const key = this.#keyAt(bytes, at + 1, nameEnd);
      const value = skipSpace(bytes, skipSpace(bytes, nameEnd + 1) + 1);
      const isText = bytes[value] === QUOTE;
      const plainEnd = isText ? plainTextEnd(bytes, value + 1) : -1;
      if (isText && plainEnd === -1 && key !== -1) return false;
      const end = plainEnd === -1 ? valueEnd(bytes, value) : plainEnd + 1;
      if (end === -1) return false;
      if (key !== -1) {
        this.starts[key] = value;
        this.ends[key] = end;
      }
      at = skipSpace(bytes, end);
      if (bytes[at] !== COMMA) return true;
      at = skipSpace(bytes, at + 1);
    }
  }

  /** -1 where it is none that is wanted. */
  #keyAt(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    for (let key = 0; key < this.#keys.length; key++) {
      const wanted = this.#keys[key] as Buffer;
      if (wanted.length !== length) continue;
      let i = 0;
      while (i < length && wanted[i] === bytes[start + i]) i++;
      if (i === length) return key;
    }
    return -1;
  }
}
