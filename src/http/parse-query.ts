import type { Static, TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { wordsComplaint } from '../events/allowed-words.ts';
import type { FieldError } from '../events/event-validator.ts';
import { Timestamp } from '../events/fields.ts';
import { relativeInstantMs } from '../events/relative-instant.ts';
import { parseTimestampMs } from '../events/timestamp.ts';
import { invalidQuery } from './invalid-query.ts';
import { unknownParameters } from './unknown-parameters.ts';

/** Keyword of our own in a schema: what a pattern means, in words for whoever got it wrong. */
export const EXPECTED = 'x-expected';

export const INSTANT_EXPECTED =
  'an RFC 3339 time from 1970 to 2199 such as 2025-11-19T10:00:00Z, now, or now-15m (s, m, h or d)';

/**
 * Turns query strings into what a schema says, or tells what is wrong with each. A parameter that the schema does not
 * know is wrong too: a filter whose name was mistyped would otherwise answer with everything.
 */
export function queryParser<T extends TObject>(schema: T): (query: unknown) => Static<T> {
  const validator = Compile(schema);
  const properties = Object.entries(schema.properties as Record<string, TSchema>);
  const names = properties.map(([name]) => name);
  return (query) => {
    const errors = unknownParameters(query as Record<string, unknown>, names);
    const values: Record<string, unknown> = {};
    for (const [name, property] of properties) {
      const given = (query as Record<string, unknown>)[name];
      if (given === undefined) continue;
      if (isList(property)) values[name] = [given].flat();
      else if (typeof given !== 'string') errors.push({ path: `/${name}`, message: 'must be given once' });
      else values[name] = convert(given, property);
    }
    if (errors.length === 0 && !validator.Check(values)) {
      for (const error of validator.Errors(values)) errors.push(...toFieldErrors(error, schema));
    }
    if (errors.length > 0) throw invalidQuery(errors);
    return values as Static<T>;
  };
}

/**
 * An instant of a query: RFC 3339, `now`, or `now` minus a duration such as `now-15m`.
 *
 * @throws {Problem} 400 that names the parameter
 */
export function parseInstantMs(name: string, text: string, nowMs: number): number {
  const relativeMs = relativeInstantMs(text, nowMs);
  if (relativeMs !== null) return relativeMs;
  // A "+" that was not escaped arrives as a blank.
  const candidate = text.replace(/ (?=\d\d:\d\d$)/, '+');
  const atMs = TIMESTAMP.Check(candidate) ? parseTimestampMs(candidate) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw invalidQuery([{ path: `/${name}`, message: `must be ${INSTANT_EXPECTED}` }]);
  }
  return atMs;
}

const TIMESTAMP = Compile(Timestamp);

/** Whether a parameter may be given several times; its values are texts. */
function isList(property: TSchema): boolean {
  return (property as { type?: string }).type === 'array';
}

/** Only what reads back as the same text is converted; the validator words the complaint about the rest. */
function convert(text: string, property: TSchema): unknown {
  const { type } = property as { type?: string };
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (type === 'number') return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: unknown;
  readonly message: string;
}

interface Explained {
  readonly [EXPECTED]?: string;
}

function toFieldErrors(error: SchemaError, schema: TObject): FieldError[] {
  const { requiredProperties } = error.params as { requiredProperties?: readonly string[] };
  if (error.keyword === 'required' && requiredProperties !== undefined) {
    return requiredProperties.map((name) => ({ path: `/${name}`, message: 'is required' }));
  }
  const property: (TSchema & Explained) | undefined = schema.properties[error.instancePath.split('/')[1] ?? ''];
  const expected = error.keyword === 'pattern' ? property?.[EXPECTED] : undefined;
  const message = expected === undefined ? (wordsComplaint(property) ?? error.message) : `must be ${expected}`;
  return [{ path: error.instancePath, message }];
}
