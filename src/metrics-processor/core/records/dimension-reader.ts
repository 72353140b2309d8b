import {
  DIMENSION_VALUE_CHARS_MAX,
  type DimensionSource,
  dimensionSource,
  metadataText,
} from '../../../events/metric-dimension.ts';
import { type PlainEvent, VALUE } from '../../../events/plain-event.ts';
import { isDigit, MINUS, QUOTE } from '../../../events/plain-json.ts';
import { PlainMembers } from '../../../events/plain-members.ts';
import { NONE, OVERFLOW } from '../../../tally/series.ts';
import { TextDictionary } from './text-dictionary.ts';

/** The value that a call has in each dimension. */
export class DimensionValues {
  /** In the order of the setting. */
  readonly texts: readonly string[];
  readonly characters: number;
  /** Where calls with these values were added up last, so that the answer's row is not looked for: see `WindowRows`. */
  windowId = NO_WINDOW;
  row = 0;

  constructor(texts: readonly string[]) {
    this.texts = texts;
    let characters = 0;
    for (const text of texts) characters += text.length;
    this.characters = characters;
  }
}

/** Before all windows. */
const NO_WINDOW = -1;

/** Of texts; days may have tens of thousands of users. */
const VALUE_SLOTS = 65_536;
/** A power of two. */
const SHARED_SLOTS = 2_048;

/** A dimension with the places of its keys among those that are looked for. */
interface Source {
  readonly kind: DimensionSource['kind'];
  readonly keys: readonly number[];
}

/** Reads the values of a request in the dimensions that calls are summed by. */
export class DimensionReader {
  readonly #event: PlainEvent;
  readonly #keys: readonly string[];
  readonly #sources: readonly Source[];
  readonly #field: { readonly user: number; readonly session: number; readonly metadata: number };
  readonly #members: PlainMembers;
  /** By key, what the metadata of the event have. */
  readonly #found: string[];
  readonly #texts = new TextDictionary(VALUE_SLOTS);
  /**
   * Calls of one user and session have one object, as a million of them may wait. One takes the place of another of the
   * same hash: sharing is a saving, not a promise.
   */
  readonly #shared: (DimensionValues | undefined)[] = Array.from({ length: SHARED_SLOTS });
  /** Those of the event, copied where they are kept: an array that grows makes room for 17 at its first push. */
  readonly #read: string[] = [];
  readonly #sharedHashes = new Int32Array(SHARED_SLOTS);

  constructor(event: PlainEvent, names: readonly string[]) {
    this.#event = event;
    const sources = names.map(dimensionSource);
    this.#keys = [...new Set(sources.flatMap((source) => (source.kind === 'metadata' ? source.keys : [])))];
    this.#sources = sources.map((source) => ({
      kind: source.kind,
      keys: source.kind === 'metadata' ? source.keys.map((key) => this.#keys.indexOf(key)) : [],
    }));
    const [user, session, metadata] = ['user_id_hash', 'session_id', 'metadata'].map((name) => event.field(name));
    this.#field = { user: user ?? 0, session: session ?? 0, metadata: metadata ?? 0 };
    this.#members = new PlainMembers(this.#keys);
    this.#found = this.#keys.map(() => '');
  }

  read(): DimensionValues {
    if (this.#keys.length > 0) this.#readMetadata();
    const texts = this.#read;
    let hash = 0;
    for (let i = 0; i < this.#sources.length; i++) {
      const text = this.#valueOf(this.#sources[i] as Source);
      texts[i] = text;
      hash = mixed(hash, text);
    }
    const slot = (hash ^ (hash >>> 15)) & (SHARED_SLOTS - 1);
    const known = this.#shared[slot];
    if (known !== undefined && this.#sharedHashes[slot] === hash && areSame(known.texts, texts)) return known;
    const values = new DimensionValues(texts.slice());
    this.#shared[slot] = values;
    this.#sharedHashes[slot] = hash;
    return values;
  }

  #valueOf({ kind, keys }: Source): string {
    if (kind === 'user') return this.#userOrEmpty() || NONE;
    // Hardly ever the one of a call before.
    if (kind === 'session') return this.#event.textOrNullAt(this.#field.session) || NONE;
    for (const key of keys) {
      const text = this.#found[key] as string;
      if (text !== '') return text.length > DIMENSION_VALUE_CHARS_MAX ? OVERFLOW : text;
    }
    return NONE;
  }

  #userOrEmpty(): string {
    const field = this.#field.user;
    return this.#event.found[field] === VALUE ? this.#texts.of(this.#event, field) : '';
  }

  #readMetadata(): void {
    const event = this.#event;
    const { metadata } = this.#field;
    if (event.taken === null && event.found[metadata] === VALUE) {
      const isKnown = this.#members.find(event.bytes, event.starts[metadata] as number);
      if (isKnown) return this.#takeMembers();
    }
    const parsed: unknown = event.objectOrNullAt(metadata);
    for (const [i, key] of this.#keys.entries()) this.#found[i] = metadataText(parsed, key);
  }

  #takeMembers(): void {
    const { bytes } = this.#event;
    const { starts, ends } = this.#members;
    for (let i = 0; i < this.#found.length; i++) {
      const start = starts[i] as number;
      this.#found[i] = start === -1 ? '' : this.#textAt(bytes, start, ends[i] as number);
    }
  }

  #textAt(bytes: Uint8Array, start: number, end: number): string {
    const first = bytes[start] as number;
    if (first === QUOTE) return this.#texts.ofBytes(bytes, start + 1, end - 1);
    if (isDigit(first) || first === MINUS) return String(Number(this.#texts.ofBytes(bytes, start, end)));
    if (first === LETTER_T) return 'true';
    return first === LETTER_F ? 'false' : '';
  }
}

/** Of names that were numbered the last characters differ most. */
function mixed(hash: number, text: string): number {
  let next = Math.imul(hash ^ text.length, HASH_FACTOR);
  for (let i = Math.max(0, text.length - 4); i < text.length; i++) {
    next = Math.imul(next ^ text.charCodeAt(i), HASH_FACTOR);
  }
  return next;
}

const HASH_FACTOR = 0x01000193;
const LETTER_F = 0x66;
const LETTER_T = 0x74;

function areSame(a: readonly string[], b: readonly string[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
