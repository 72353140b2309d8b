import {
  DIMENSION_VALUE_CHARS_MAX,
  type DimensionSource,
  dimensionSource,
  metadataText,
} from '../../../events/metric-dimension.ts';
import { type PlainEvent, VALUE } from '../../../events/plain-event.ts';
import { isDigit, MINUS, QUOTE } from '../../../events/plain-json.ts';
import { PlainMembers } from '../../../events/plain-members.ts';
import { NONE } from '../../../tally/series.ts';
import { NO_VALUE_NUMBER, OVERFLOW_NUMBER, type ValueTexts } from './value-texts.ts';

/** The value that a call has in each dimension, in the order of the setting, as `ValueTexts` numbers it. */
export type CallValues = Int32Array;

/** What metadata say nothing of. */
const NOTHING = -1;

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
  readonly #found: Int32Array;
  readonly #texts: ValueTexts;
  readonly #values: CallValues;

  constructor(event: PlainEvent, names: readonly string[], texts: ValueTexts) {
    this.#texts = texts;
    this.#values = new Int32Array(names.length);
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
    this.#found = new Int32Array(this.#keys.length);
  }

  /** Valid until the next `read`. */
  read(): CallValues {
    this.#texts.makeRoom();
    if (this.#keys.length > 0) this.#readMetadata();
    for (let i = 0; i < this.#sources.length; i++) this.#values[i] = this.#valueOf(this.#sources[i] as Source);
    return this.#values;
  }

  #valueOf({ kind, keys }: Source): number {
    if (kind === 'user') return this.#ofField(this.#field.user);
    if (kind === 'session') return this.#ofField(this.#field.session);
    for (const key of keys) if (this.#found[key] !== NOTHING) return this.#found[key] as number;
    return NO_VALUE_NUMBER;
  }

  #ofField(field: number): number {
    const event = this.#event;
    if (event.found[field] !== VALUE) return NO_VALUE_NUMBER;
    if (event.taken !== null) return this.#texts.of(event.textAt(field) || NONE);
    const [start, end] = [event.starts[field] as number, event.ends[field] as number];
    return start === end ? NO_VALUE_NUMBER : this.#texts.ofBytes(event.bytes, start, end);
  }

  #readMetadata(): void {
    const event = this.#event;
    const { metadata } = this.#field;
    if (event.taken === null && event.found[metadata] === VALUE) {
      const isKnown = this.#members.find(event.bytes, event.starts[metadata] as number);
      if (isKnown) return this.#takeMembers();
    }
    const parsed: unknown = event.objectOrNullAt(metadata);
    for (const [i, key] of this.#keys.entries()) this.#found[i] = this.#ofText(metadataText(parsed, key));
  }

  #takeMembers(): void {
    const { bytes } = this.#event;
    const { starts, ends } = this.#members;
    for (let i = 0; i < this.#found.length; i++) {
      const start = starts[i] as number;
      this.#found[i] = start === -1 ? NOTHING : this.#textAt(bytes, start, ends[i] as number);
    }
  }

  #textAt(bytes: Uint8Array, start: number, end: number): number {
    const first = bytes[start] as number;
    if (first === QUOTE) return this.#ofQuoted(bytes, start + 1, end - 1);
    if (isDigit(first) || first === MINUS) {
      return this.#ofText(
        String(Number(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'))),
      );
    }
    if (first === LETTER_T) return this.#texts.of('true');
    return first === LETTER_F ? this.#texts.of('false') : NOTHING;
  }

  #ofQuoted(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return NOTHING;
    return end - start > DIMENSION_VALUE_CHARS_MAX ? OVERFLOW_NUMBER : this.#texts.ofBytes(bytes, start, end);
  }

  #ofText(text: string): number {
    if (text === '') return NOTHING;
    return text.length > DIMENSION_VALUE_CHARS_MAX ? OVERFLOW_NUMBER : this.#texts.of(text);
  }
}

const LETTER_F = 0x66;
const LETTER_T = 0x74;
