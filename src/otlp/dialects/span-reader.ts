import { isoInstantMs } from '../decode/time.ts';
import type { AttributeValue, OtlpSpan } from '../decode/trace-export.ts';
import type { Field } from './mapping.ts';
import { CELLS_OF_KEY, type Cell, EVENT_CELLS, FIELD_NUMBERS } from './mapping-cells.ts';
import {
  costFrom,
  countFrom,
  durationFrom,
  firstTextOf,
  flagFrom,
  NANO_CREDITS_PER_USD,
  parseJson,
  partsOfUsd,
  TICKS_PER_USD,
  textFrom,
  unquoted,
  valueAt,
} from './read-value.ts';
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
    return this.#isMeant(source) ? this.#interpret(source, raw) : null;
  }

  /** Reads the value of a field from a text that has to be parsed first. */
  #readLate(source: Source): FieldValue | null {
    return this.#isMeant(source) ? this.#readPaths(source, source.paths ?? []) : null;
  }

  #isMeant({ exceptScope, onlyScope }: Source): boolean {
    const scopeName = this.span.scope.name;
    if (exceptScope !== undefined && scopeName.startsWith(exceptScope)) return false;
    return onlyScope === undefined || scopeName.startsWith(onlyScope);
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
      case 'cost':
        return costFrom(raw);
      case 'ticks':
        return partsOfUsd(raw, TICKS_PER_USD);
      case 'nano credits':
        return partsOfUsd(raw, NANO_CREDITS_PER_USD);
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
        break;
    }
    return null;
  }
}

/** Copied, so that no array has to grow. */
const NO_VALUES: readonly (FieldValue | undefined)[] = Object.values(FIELD_NUMBERS).map(() => undefined);
const NO_CELLS: readonly (Cell | undefined)[] = Object.values(FIELD_NUMBERS).map(() => undefined);

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
