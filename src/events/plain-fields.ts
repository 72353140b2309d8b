import type { TObject } from 'typebox';
import { TEXT_PATTERN } from './fields.ts';

export type PlainKind = 'text' | 'instant' | 'integer' | 'number' | 'boolean' | 'object';

/** One field of an event's schema, as far as its plain form can be checked byte by byte. */
export interface PlainField {
  readonly name: string;
  readonly kind: PlainKind;
  readonly isRequired: boolean;
  readonly isNullable: boolean;
  /** Of a text: its length in characters, which are bytes here. Of a number: its value. */
  readonly min: number;
  readonly max: number;
}

/** What the schemas of events say, in the words of JSON Schema. */
interface FieldSchema {
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly anyOf?: readonly FieldSchema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** @throws where the schema has a rule that is not known here: a field must never pass with less than its schema asks */
export function plainFields(schema: TObject): readonly PlainField[] {
  const required = new Set<string>((schema as { readonly required?: readonly string[] }).required ?? []);
  return Object.entries<FieldSchema>(schema.properties).map(([name, of]) => {
    const variants = of.anyOf ?? [of];
    const values = variants.filter(({ type }) => type !== 'null');
    const [value] = values;
    if (value === undefined || values.length > 1) throw new Error(`The plain form of /${name} is not known`);
    return {
      name,
      isRequired: required.has(name),
      isNullable: values.length < variants.length,
      ...plainRule(name, value),
    };
  });
}

function plainRule(name: string, value: FieldSchema): Pick<PlainField, 'kind' | 'min' | 'max'> {
  const { type, format, pattern, minLength = 0, maxLength = Infinity, minimum = -Infinity, maximum = Infinity } = value;
  if (type === 'string' && format === 'date-time') return { kind: 'instant', min: 0, max: Infinity };
  // No plain text holds a control character, so the one pattern that fields have is kept by every plain text.
  if (type === 'string' && (pattern === undefined || pattern === TEXT_PATTERN)) {
    return { kind: 'text', min: minLength, max: maxLength };
  }
  if (type === 'integer' || type === 'number') return { kind: type, min: minimum, max: maximum };
  if (type === 'boolean' || type === 'object') return { kind: type, min: 0, max: Infinity };
  throw new Error(`The plain form of /${name} is not known`);
}
