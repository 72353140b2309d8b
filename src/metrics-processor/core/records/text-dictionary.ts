import type { PlainEvent } from '../../../events/plain-event.ts';

const SLOTS = 4096;
/** Dimensions and reasons are shorter; what is longer is made anew each time. */
const BYTES_MAX = 64;

/**
 * Texts that come again and again, by their bytes: finding one takes a fraction of making it, and the maps that are
 * asked with it need not hash it again. A text takes the place of another with the same hash, so memory is bounded.
 */
export class TextDictionary {
  readonly #slots: number;
  readonly #texts: string[] = [];
  /** Of texts that have other characters than bytes. */
  readonly #bytes = new Map<number, Uint8Array>();

  /** @param slots a power of two: how many texts are remembered at most */
  constructor(slots = SLOTS) {
    this.#slots = slots;
    // At once: element by element it takes a hundred times as long, and a recovery makes five of these.
    this.#texts.length = slots;
    this.#texts.fill('');
  }

  /** The text of a field. */
  of(event: PlainEvent, field: number): string {
    if (event.taken !== null) return event.textAt(field);
    return this.ofBytes(event.bytes, event.starts[field] as number, event.ends[field] as number);
  }

  /** The text of bytes in UTF-8. */
  ofBytes(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > BYTES_MAX) return textOf(bytes, start, end);
    // FNV-1a.
    let hash = 0x811c9dc5;
    let allBits = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      hash = Math.imul(hash ^ byte, 0x01000193);
      allBits |= byte;
    }
    const slot = (hash ^ (hash >>> 15)) & (this.#slots - 1);
    const known = this.#texts[slot] as string;
    if (allBits < ASCII_END) {
      if (known.length === length && hasCharacters(known, bytes, start)) return known;
    } else if (areSame(this.#bytes.get(slot), bytes.subarray(start, end))) return known;
    const text = textOf(bytes, start, end);
    this.#texts[slot] = text;
    if (allBits < ASCII_END) this.#bytes.delete(slot);
    else this.#bytes.set(slot, Uint8Array.prototype.slice.call(bytes, start, end));
    return text;
  }
}

const ASCII_END = 0x80;

/** Whether the bytes from there on are the text's characters, of which there are as many. */
function hasCharacters(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function areSame(known: Uint8Array | undefined, bytes: Uint8Array): boolean {
  if (known?.length !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (known[i] !== bytes[i]) return false;
  return true;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
