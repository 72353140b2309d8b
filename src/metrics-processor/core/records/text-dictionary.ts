import type { PlainEvent } from '../../../events/plain-event.ts';

const SLOTS = 4096;
const NO_BYTES: readonly (Uint8Array | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
const NO_TEXTS: readonly string[] = Array.from({ length: SLOTS }, () => '');
/** Dimensions and reasons are shorter; what is longer is made anew each time. */
const BYTES_MAX = 64;

/**
 * Texts that come again and again, by their bytes: finding one takes a fraction of making it, and the maps that are
 * asked with it need not hash it again. A text takes the place of another with the same hash, so memory is bounded.
 */
export class TextDictionary {
  // Copied: making them element by element takes a hundred times as long, and a recovery makes five of these.
  readonly #bytes = NO_BYTES.slice();
  readonly #texts = NO_TEXTS.slice();

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
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[start + i] as number), 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known[i] === bytes[start + i]) i++;
      if (i === length) return this.#texts[slot] as string;
    }
    const text = textOf(bytes, start, end);
    this.#bytes[slot] = Uint8Array.prototype.slice.call(bytes, start, start + length);
    this.#texts[slot] = text;
    return text;
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
