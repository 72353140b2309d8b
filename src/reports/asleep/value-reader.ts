import { invariant } from '../../tally/invariant.ts';
import { unzigzag } from '../../tally/varint.ts';
import { LONG_ID_CHARS, type PageTerms, SHORT_ID_CHARS, SMALL_FROM, TAGS } from './value-writer.ts';

/** Reads what `ValueWriter` wrote. References come as what they refer to. */
export class ValueReader {
  readonly #terms: PageTerms;
  readonly #bytes: Buffer;
  #at: number;
  #longId: string | null = null;

  constructor(bytes: Buffer, at: number, terms: PageTerms) {
    this.#bytes = bytes;
    this.#at = at;
    this.#terms = terms;
  }

  read(): unknown {
    const tag = this.#bytes[this.#at++] as number;
    if (tag >= SMALL_FROM) return tag - SMALL_FROM;
    switch (tag) {
      case TAGS.null:
        return null;
      case TAGS.true:
        return true;
      case TAGS.false:
        return false;
      case TAGS.integer:
        return this.#count();
      case TAGS.near:
        return this.#terms.firstLarge + unzigzag(this.#count());
      case TAGS.double:
        this.#at += 8;
        return this.#bytes.readDoubleLE(this.#at - 8);
      case TAGS.array:
        return this.#array();
      case TAGS.object:
        return this.#object();
      case TAGS.reference:
        return this.#terms.references[this.#count()];
      default:
        return this.#text(tag);
    }
  }

  /** The first member of what is an array. */
  readFirst(): unknown {
    const tag = this.#bytes[this.#at++];
    invariant(tag === TAGS.array && this.#count() > 0, 'only an array has a first member');
    return this.read();
  }

  #text(tag: number): string {
    switch (tag) {
      case TAGS.known:
        return this.#known();
      case TAGS.again:
        invariant(this.#longId !== null, 'an id that comes again was there before');
        return this.#longId;
      case TAGS.hex:
        return this.#chars('hex', this.#count());
      case TAGS.shortHex:
        return this.#chars('hex', SHORT_ID_CHARS / 2);
      case TAGS.longHex: {
        const text = this.#chars('hex', LONG_ID_CHARS / 2);
        this.#longId ??= text;
        return text;
      }
      case TAGS.numbered:
        return `${this.#known()}${this.#count()}`;
      case TAGS.begun:
        return `${this.#known()}${this.#chars('latin1', this.#count())}`;
      case TAGS.narrow:
        return this.#chars('latin1', this.#count());
      case TAGS.wide:
      default:
        return this.#chars('utf16le', 2 * this.#count());
    }
  }

  #known(): string {
    return this.#terms.texts[this.#count()] as string;
  }

  #chars(encoding: 'hex' | 'latin1' | 'utf16le', byteCount: number): string {
    const end = this.#at + byteCount;
    const text = this.#bytes.toString(encoding, this.#at, end);
    this.#at = end;
    return text;
  }

  #array(): unknown[] {
    const values: unknown[] = [];
    for (let left = this.#count(); left > 0; left--) values.push(this.read());
    return values;
  }

  #object(): object {
    const names = this.#terms.shapes[this.#count()] as readonly string[];
    const object: Record<string, unknown> = {};
    for (const name of names) {
      const value = this.read();
      if (name === '__proto__') {
        // Assigned, it would change what the object is instead of being kept in it.
        Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      } else {
        object[name] = value;
      }
    }
    return object;
  }

  #count(): number {
    let count = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#bytes[this.#at++] as number;
      count += (byte & 0x7f) * unit;
      if (byte < 0x80) return count;
    }
  }
}
