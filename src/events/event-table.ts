import { type Static, type TObject, type TObjectOptions, type TSchema, Type } from 'typebox';
import { type PlainField, plainFields } from './plain-fields.ts';

/**
 * One field of an event: all that the program has to know of it. From the tables of these follow the schema that
 * checks, types and documents, what the core reads, the columns of single calls with their SQL, the call's JSON, the
 * filters of `/v1/calls` and both OpenAPI documents.
 */
export interface EventField {
  /** Its kind and limits, whether it is required or may be null, and its description. */
  readonly schema: TSchema;
  /** The number that absence stands for. Without it an absent number is unknown, as null always is. */
  readonly absent?: number;
  /** Kept on the single call as it was sent, under the same name. */
  readonly kept?: Kept;
}

export interface Kept {
  /** What the field of an answered call means, for OpenAPI. */
  readonly answer: string;
  /** What `/v1/calls` finds by it, for OpenAPI. Without it the field is no filter. Texts only. */
  readonly filter?: string;
}

export type EventTable = Readonly<Record<string, EventField>>;

type SchemasOf<Table extends EventTable> = { [Name in keyof Table]: Table[Name]['schema'] };

/** The schema of the events of a table. */
export function eventSchema<Table extends EventTable>(table: Table, about: TObjectOptions): TObject<SchemasOf<Table>> {
  const schemas = Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema]));
  return Type.Object(schemas as SchemasOf<Table>, { additionalProperties: true, ...about });
}

type CamelCase<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

/** A text, or an object as JSON; a number. */
type KeptValue<Sent> = number extends Sent ? number | null : string | null;

/** The fields that a single call keeps as they were sent, under the names that the program has for them. */
export type KeptOf<Table extends EventTable> = {
  readonly [Name in keyof Table as Table[Name] extends { readonly kept: Kept } ? CamelCase<Name> : never]: KeptValue<
    Static<Table[Name]['schema']>
  >;
};

/** The fields of `KeptOf` that `/v1/calls` can filter by; null: any. */
export type KeptFiltersOf<Table extends EventTable> = {
  readonly [Name in keyof Table as Table[Name] extends { readonly kept: { readonly filter: string } }
    ? CamelCase<Name>
    : never]: string | null;
};

/** The names of kept fields as senders and readers write them. */
export type KeptNamesOf<Table extends EventTable> = {
  [Name in keyof Table]: Table[Name] extends { readonly kept: Kept } ? Name : never;
}[keyof Table] &
  string;

/** The names of `KeptNamesOf` that are filters. */
export type FilterNamesOf<Table extends EventTable> = {
  [Name in keyof Table]: Table[Name] extends { readonly kept: { readonly filter: string } } ? Name : never;
}[keyof Table] &
  string;

/** One kept field, as loops over them need it. */
export interface KeptField extends Kept {
  /** The name that senders and readers write, which is also the column's. */
  readonly name: string;
  /** The name that the program gives it. */
  readonly field: string;
  readonly kind: 'text' | 'integer' | 'number' | 'object';
}

/** @throws for a field that no store could keep, or that no filter could compare */
export function keptFields(table: EventTable): readonly KeptField[] {
  const plain = new Map(plainFields(eventSchema(table, {})).map((field) => [field.name, field]));
  return Object.entries(table).flatMap(([name, { kept }]) => {
    if (kept === undefined) return [];
    const kind = keptKind(plain.get(name));
    if (kind === null) throw new Error(`A call cannot keep ${name}: it is no text, number or object`);
    if (kept.filter !== undefined && kind !== 'text') throw new Error(`${name} is no text, so it is no filter`);
    return [{ name, field: camelCase(name), kind, ...kept }];
  });
}

function keptKind(field: PlainField | undefined): KeptField['kind'] | null {
  const kind = field?.kind;
  if (kind === undefined || kind === 'boolean' || kind === 'instant') return null;
  return kind === 'word' ? 'text' : kind;
}

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
