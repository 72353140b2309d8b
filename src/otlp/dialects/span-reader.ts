import { TOKENS_MAX } from '../../events/fields.ts';
import { isoInstantMs } from '../decode/time.ts';
import type { AttributeValue, OtlpSpan } from '../decode/trace-export.ts';
import { attributeKeysOf, type Field } from './mapping.ts';
import { CELLS_OF_KEY, type Cell, EVENT_CELLS, FIELD_NUMBERS } from './mapping-cells.ts';
import type { Source } from './source.ts';

export type FieldValue = string | number | boolean;

/** What was found, and the cell of the table that it came from. */
export interface Found {
  readonly value: FieldValue;
  readonly source: Source;
}

/** Reads fields of one span by the mapping table; parses a JSON attribute once, however many fields it feeds. */
export class SpanReader {
  readonly span: OtlpSpan;
  #parsed: Map<string, unknown> | null = null;
  /** By field number: what was found, and in which cell. Null before anything was asked. */
  #values: (FieldValue | undefined)[] | null = null;
  readonly #cells: (Cell | undefined)[] = NO_CELLS.slice();

  constructor(span: OtlpSpan) {
    this.span = span;
  }

  /** The first source of the field that is there and valid. */
  find(field: Field): Found | null {
    const value = this.#value(field);
    const cell = this.#cells[FIELD_NUMBERS[field]];
    return value === undefined || cell === undefined ? null : { value, source: cell.source };
  }

  text(field: Field): string | null {
    const value = this.#value(field);
    return typeof value === 'string' ? value : null;
  }

  number(field: Field): number | null {
    const value = this.#value(field);
    return typeof value === 'number' ? value : null;
  }

  flag(field: Field): boolean | null {
    const value = this.#value(field);
    return typeof value === 'boolean' ? value : null;
  }

  /** An attribute as text; null where it is absent, empty, or no scalar. */
  attributeText(key: string): string | null {
    return textFrom(this.span.attributes.get(key));
  }

  /** An attribute that holds JSON, parsed; undefined where it does not. Structured values are taken as they are. */
  parsed(key: string): unknown {
    const value = this.span.attributes.get(key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'object' && !(value instanceof Uint8Array)) return value;
    this.#parsed ??= new Map();
    if (this.#parsed.has(key)) return this.#parsed.get(key);
    const parsed = parseJson(textFrom(value) ?? '');
    this.#parsed.set(key, parsed);
    return parsed;
  }

  #value(field: Field): FieldValue | undefined {
    this.#values ??= this.#readAll();
    return this.#values[FIELD_NUMBERS[field]];
  }

  /** Goes through what the span has, rather than through all that it could have. */
  #readAll(): (FieldValue | undefined)[] {
    const { attributes, events } = this.span;
    const values = NO_VALUES.slice();
    const late: Cell[] = [];
    for (let i = 0; i < attributes.size; i++) {
      const cells = CELLS_OF_KEY.get(attributes.keys[i] as string);
      if (cells === undefined) continue;
      for (const cell of cells) {
        if (cell.source.paths !== undefined) late.push(cell);
        else if (this.#isBetter(cell)) this.#take(values, cell, this.#read(cell.source, attributes.values[i] ?? null));
      }
    }
    if (events.length > 0) {
      for (const cell of EVENT_CELLS) {
        if (this.#isBetter(cell)) this.#take(values, cell, readEvent(cell.source, this.span));
      }
    }
    // Texts are parsed last, the most trusted first, and where nothing better is there: one may be a whole prompt.
    for (const cell of late.sort((a, b) => a.rank - b.rank)) {
      if (this.#isBetter(cell)) this.#take(values, cell, this.#readLate(cell.source));
    }
    return values;
  }

  #isBetter({ field, rank }: Cell): boolean {
    const known = this.#cells[field];
    return known === undefined || rank < known.rank;
  }

  #take(values: (FieldValue | undefined)[], cell: Cell, value: FieldValue | null): void {
    if (value === null) return;
    values[cell.field] = value;
    this.#cells[cell.field] = cell;
  }

  #read(source: Source, raw: AttributeValue): FieldValue | null {
    const { span } = this;
    if (source.read === 'parts') return sumOf(attributeKeysOf(source).map((key) => span.attributes.get(key)));
    if (source.exceptScope !== undefined && span.scope.name.startsWith(source.exceptScope)) return null;
    return this.#interpret(source, raw);
  }

  /** Of a text that has to be parsed first. */
  #readLate(source: Source): FieldValue | null {
    if (source.exceptScope !== undefined && this.span.scope.name.startsWith(source.exceptScope)) return null;
    const paths = source.paths ?? [];
    return this.#readPaths(source, paths);
  }

  #readPaths(source: Source, paths: readonly string[]): FieldValue | null {
    const root = this.parsed(source.key);
    for (const path of paths) {
      const value = this.#interpret(source, valueAt(root, path));
      if (value !== null) return value;
    }
    return null;
  }

  #interpret(source: Source, raw: unknown): FieldValue | null {
    switch (source.read) {
      case 'text':
        return textFrom(raw);
      case 'quoted':
        return unquoted(raw);
      case 'first':
        return firstTextOf(raw);
      case 'count':
        return countFrom(raw);
      case 'flag':
        return flagFrom(raw);
      case 'seconds':
        return durationFrom(raw, 1000);
      case 'millis':
        return durationFrom(raw, 1);
      case 'instant':
        return sinceStart(isoInstantMs(unquoted(raw) ?? ''), this.span);
      case 'suffix':
        return textFrom(raw)?.endsWith(source.suffix ?? '') === true ? true : null;
      case 'event':
      case 'event text':
      case 'parts':
        break;
    }
    return null;
  }
}

/** Copied, so that no array has to grow. */
const NO_VALUES: readonly (FieldValue | undefined)[] = Object.values(FIELD_NUMBERS).map(() => undefined);
const NO_CELLS: readonly (Cell | undefined)[] = Object.values(FIELD_NUMBERS).map(() => undefined);

/** Null where nothing was said: an empty text is a filler. */
export function textFrom(raw: unknown): string | null {
  if (typeof raw === 'string') return raw === '' ? null : raw;
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  if (raw instanceof Uint8Array && raw.length > 0)
    return Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString();
  return null;
}

/** `"acme"` with its quotes is acme; what is no JSON string stays as it is. */
export function unquoted(raw: unknown): string | null {
  const text = textFrom(raw);
  if (text === null || !text.startsWith('"')) return text;
  const parsed = parseJson(text);
  return parsed === undefined ? text : textFrom(parsed);
}

/** A token count from an int, a double or a string. NaN, fractions, negative and absurd counts are no counts. */
export function countFrom(raw: unknown): number | null {
  const count = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  if (typeof count !== 'number' || !Number.isInteger(count)) return null;
  return count >= 0 && count <= TOKENS_MAX ? count : null;
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  // Only what can be JSON is tried: an exception costs a hundred times more than this look.
  if (!/^\s*["[{\dtfn-]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function firstTextOf(raw: unknown): string | null {
  if (Array.isArray(raw)) return textFrom(raw[0]);
  const text = textFrom(raw);
  if (text === null || !text.startsWith('[')) return text;
  const parsed = parseJson(text);
  return Array.isArray(parsed) ? textFrom(parsed[0]) : text;
}

function flagFrom(raw: unknown): boolean | null {
  if (typeof raw === 'boolean') return raw;
  const text = textFrom(raw)?.toLowerCase();
  if (text === 'true') return true;
  return text === 'false' ? false : null;
}

function durationFrom(raw: unknown, msPerUnit: number): number | null {
  const amount = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount * msPerUnit : null;
}

function sinceStart(atMs: number, span: OtlpSpan): number | null {
  const elapsedMs = atMs - span.startMs;
  return atMs > 0 && span.startMs > 0 && elapsedMs >= 0 ? elapsedMs : null;
}

function readEvent({ read, key }: Source, span: OtlpSpan): FieldValue | null {
  return read === 'event' ? firstEventMs(span, key) : eventText(span, key);
}

function firstEventMs(span: OtlpSpan, name: string): number | null {
  const event = span.events.find((candidate) => candidate.name === name);
  return event === undefined ? null : sinceStart(event.atMs, span);
}

function eventText(span: OtlpSpan, key: string): string | null {
  const slash = key.indexOf('/');
  const event = span.events.find((candidate) => candidate.name === key.slice(0, slash));
  return textFrom(event?.attributes.get(key.slice(slash + 1)));
}

function sumOf(parts: readonly (AttributeValue | undefined)[]): number | null {
  const counts = parts.map(countFrom).filter((count) => count !== null);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** `a.0.b` walks objects and arrays; own properties only, so that no path reaches a prototype. */
function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
