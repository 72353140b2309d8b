import type { TObject } from 'typebox';
import { TEXT_PATTERN, TIMESTAMP_PATTERN } from './fields.ts';

export type PlainKind = 'text' | 'word' | 'instant' | 'integer' | 'number' | 'boolean' | 'object';

/** One field of an event's schema, as far as its plain form can be checked byte by byte. */
export interface PlainField {
  readonly name: string;
  readonly kind: PlainKind;
  readonly isRequired: boolean;
  readonly isNullable: boolean;
  /** The least length of a text in characters, which are bytes here; the least value of a number. */
  readonly min: number;
  readonly max: number;
  /** The texts that a `word` may be. */
  readonly words: readonly string[];
}

/** What the schemas of events say, in the words of JSON Schema. */
interface FieldSchema {
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly FieldSchema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: object;
  readonly additionalProperties?: unknown;
}

/** The rules that are read below, for each type of value. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  string: ['format', 'pattern', 'enum', 'minLength', 'maxLength'],
  integer: ['minimum', 'maximum'],
  number: ['minimum', 'maximum'],
  boolean: [],
  object: ['properties', 'additionalProperties'],
  null: [],
};
/** A word that stands as it is in plain JSON. */
const PLAIN_WORD = /^[a-z0-9_]+$/;
const SAYS_NOTHING: ReadonlySet<string> = new Set(['title', 'description', 'examples', '$id']);

/**
 * @throws where the schema has a rule that is not known here: a field must never pass with less than its schema asks
 */
export function plainFields(schema: TObject): readonly PlainField[] {
  checkRules('', schema, ['type', 'required', ...(RULES['object'] ?? [])]);
  const required = new Set<string>((schema as { readonly required?: readonly string[] }).required ?? []);
  return Object.entries<FieldSchema>(schema.properties).map(([name, of]) => {
    if (of.anyOf !== undefined) checkRules(name, of, ['anyOf']);
    const variants = of.anyOf ?? [of];
    for (const variant of variants) checkRules(name, variant, ['type', ...(RULES[variant.type ?? ''] ?? [])]);
    const values = variants.filter(({ type }) => type !== 'null');
    const [value] = values;
    if (value === undefined || values.length > 1) throw unknownRule(name);
    return {
      name,
      isRequired: required.has(name),
      isNullable: values.length < variants.length,
      ...plainRule(name, value),
    };
  });
}

function plainRule(name: string, value: FieldSchema): Pick<PlainField, 'kind' | 'min' | 'max' | 'words'> {
  const { type, format, pattern, enum: words } = value;
  if (words !== undefined) {
    const isAlone = type === 'string' && format === undefined && pattern === undefined;
    if (!isAlone || !words.every((word) => PLAIN_WORD.test(word))) throw unknownRule(name);
    return { kind: 'word', min: value.minLength ?? 0, max: value.maxLength ?? Infinity, words };
  }
  if (type === 'string' && format === undefined && pattern === TIMESTAMP_PATTERN) {
    return { kind: 'instant', min: 0, max: Infinity, words: [] };
  }
  // No plain text holds a control character, so the one pattern that texts have is kept by every plain text.
  if (type === 'string' && format === undefined && (pattern === undefined || pattern === TEXT_PATTERN)) {
    return { kind: 'text', min: value.minLength ?? 0, max: value.maxLength ?? Infinity, words: [] };
  }
  if (type === 'integer' || type === 'number') {
    // Never Infinity, which JSON can spell (1e999) and no schema takes.
    return { kind: type, min: value.minimum ?? -Number.MAX_VALUE, max: value.maximum ?? Number.MAX_VALUE, words: [] };
  }
  if (type === 'boolean') return { kind: 'boolean', min: 0, max: 0, words: [] };
  if (type === 'object' && Object.keys(value.properties ?? {}).length === 0) {
    return { kind: 'object', min: 0, max: 0, words: [] };
  }
  throw unknownRule(name);
}

function checkRules(name: string, schema: FieldSchema, known: readonly string[]): void {
  const { additionalProperties = true } = schema;
  const isKnown = Object.keys(schema).every((word) => known.includes(word) || SAYS_NOTHING.has(word));
  if (!isKnown || additionalProperties !== true) throw unknownRule(name);
}

function unknownRule(name: string): Error {
  return new Error(`The plain form of /${name} is not known`);
}
