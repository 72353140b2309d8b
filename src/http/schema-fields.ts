/** What is read of a JSON Schema to show it to people. */
export interface SchemaObject {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, SchemaObject>>;
  readonly patternProperties?: Readonly<Record<string, SchemaObject>>;
  readonly required?: readonly string[];
  readonly items?: SchemaObject;
  readonly anyOf?: readonly SchemaObject[];
  readonly allOf?: readonly SchemaObject[];
}

export type NamedSchemas = Readonly<Record<string, SchemaObject>>;

export interface SchemaField {
  /** With dots, and [] for each of a list. */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
}

const DEPTH_MAX = 6;

/** All fields of a schema, those of its parts included. */
export function fieldsOf(schema: SchemaObject, named: NamedSchemas, prefix = '', depth = 0): SchemaField[] {
  const { properties = {}, required = [], items, allOf = [], anyOf = [] } = resolved(schema, named);
  if (depth > DEPTH_MAX) return [];
  const parts = [...allOf, ...anyOf].flatMap((part) => fieldsOf(part, named, prefix, depth + 1));
  const ofItems = items === undefined ? [] : fieldsOf(items, named, `${prefix}[]`, depth + 1);
  const own = Object.entries(properties).flatMap(([name, property]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const { description = '' } = { ...resolved(property, named), ...property };
    const field = { path, type: typeOf(property, named), isRequired: required.includes(name), description };
    return [field, ...fieldsOf(property, named, path, depth + 1)];
  });
  const seen = new Set<string>();
  return [...own, ...parts, ...ofItems].filter(({ path }) => !seen.has(path) && seen.add(path));
}

/** A value that the schema takes. */
export function exampleOf(schema: SchemaObject, named: NamedSchemas, depth = 0): unknown {
  const whole = resolved(schema, named);
  if (depth > DEPTH_MAX) return null;
  if (whole.examples?.[0] !== undefined) return whole.examples[0];
  if (whole.const !== undefined) return whole.const;
  if (whole.enum !== undefined) return whole.enum[0];
  if (whole.default !== undefined) return whole.default;
  if (whole.anyOf?.[0] !== undefined) return exampleOf(whole.anyOf[0], named, depth + 1);
  if (whole.allOf !== undefined) {
    return Object.assign({}, ...whole.allOf.map((part) => exampleOf(part, named, depth + 1))) as object;
  }
  if (whole.items !== undefined) return [exampleOf(whole.items, named, depth + 1)];
  return exampleOfType(whole, named, depth);
}

function exampleOfType(
  { type, format, properties, minimum }: SchemaObject,
  named: NamedSchemas,
  depth: number,
): unknown {
  if (type === 'object') {
    const fields = Object.entries(properties ?? {});
    return Object.fromEntries(fields.map(([name, property]) => [name, exampleOf(property, named, depth + 1)]));
  }
  if (type === 'integer' || type === 'number') return Math.max(1, minimum ?? 1);
  if (type === 'boolean') return true;
  if (type === 'null' || type === undefined) return null;
  return format === 'date-time' ? '2025-11-19T10:00:00Z' : 'text';
}

function typeOf(schema: SchemaObject, named: NamedSchemas): string {
  const { type, items, anyOf, enum: values, const: only, format } = resolved(schema, named);
  if (anyOf !== undefined) return [...new Set(anyOf.map((part) => typeOf(part, named)))].join(' or ');
  if (only !== undefined) return JSON.stringify(only);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' or ');
  if (items !== undefined) return `list of ${typeOf(items, named)}`;
  if (format === 'date-time') return 'RFC 3339 time';
  return type ?? 'anything';
}

function resolved(schema: SchemaObject, named: NamedSchemas): SchemaObject {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (named[name] ?? schema);
}
