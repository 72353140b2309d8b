import type { Expression, Row } from './expression.ts';

/** What can be said of a call. The names are those of mapping files. */
export const MAPPED_FIELDS = [
  'id',
  'started_at',
  'ended_at',
  'latency_ms',
  'time_to_first_token_ms',
  'model',
  'answered_model',
  'provider',
  'tenant_id',
  'route',
  'user',
  'session_id',
  'operation',
  'stream',
  'prompt_tokens',
  'cached_prompt_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'completion_tokens',
  'reasoning_tokens',
  'audio_prompt_tokens',
  'audio_completion_tokens',
  'web_search_requests',
  'cost_usd',
  'cost_reported_by',
  'finish_reason',
  'service_tier',
  'cache_hit',
  'error',
  'error_type',
  'http_status',
  'cancelled',
] as const;

export type MappedField = (typeof MAPPED_FIELDS)[number];

/** How the rows of a source are read. */
export interface Mapping {
  readonly fields: Readonly<Partial<Record<MappedField, Expression>>>;
  /** Further ids by which telemetry may name the same call. */
  readonly ids: readonly Expression[];
  readonly metadata: Readonly<Record<string, Expression>>;
  /** Rows of other kinds are no model calls. */
  readonly only: { readonly from: Expression; readonly is: readonly string[] } | null;
  /** Adds what takes more than an expression. @returns null for a row that is no model call */
  readonly prepare: ((row: Row) => Row | null) | null;
}

export const NO_MAPPING: Mapping = { fields: {}, ids: [], metadata: {}, only: null, prepare: null };

/**
 * Reads a mapping file, which is laid over the source's own mapping.
 *
 * @throws {Error} which names the field and says what would be accepted
 */
export function parseMapping(text: string, base: Mapping): Mapping {
  const file = jsonObject(text);
  const { metadata = {}, ids = [], only = null, ...rest } = file;
  const fields: Partial<Record<MappedField, Expression>> = { ...base.fields };
  for (const [name, expression] of Object.entries(rest)) {
    if (!isMappedField(name)) {
      throw new Error(`"${name}" is no field of a call; they are ${MAPPED_FIELDS.join(', ')}, ids, metadata and only`);
    }
    fields[name] = expressionOf(expression, name);
  }
  if (fields.model === undefined) throw new Error('"model" is missing: the column that names the model');
  if (fields.started_at === undefined && fields.ended_at === undefined)
    throw new Error('"started_at" or "ended_at" is missing: the column that says when the call was');
  if (!Array.isArray(ids)) throw new Error('"ids" must be a list of columns');
  return {
    fields,
    ids: [...base.ids, ...ids.map((each) => expressionOf(each, 'ids'))],
    metadata: { ...base.metadata, ...metadataOf(metadata) },
    only: onlyOf(only) ?? base.only,
    prepare: base.prepare,
  };
}

function metadataOf(value: unknown): Record<string, Expression> {
  const named = Object.entries(objectOf(value, 'metadata'));
  return Object.fromEntries(named.map(([name, each]) => [name, expressionOf(each, `metadata.${name}`)]));
}

function isMappedField(name: string): name is MappedField {
  return (MAPPED_FIELDS as readonly string[]).includes(name);
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is no JSON: ${(error as Error).message}`, { cause: error });
  }
  return objectOf(value, 'the file');
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${name === 'the file' ? name : `"${name}"`} must be a JSON object`);
}

function onlyOf(value: unknown): Mapping['only'] {
  if (value === null) return null;
  const { from, is } = objectOf(value, 'only');
  if (Array.isArray(is) && is.every((each) => typeof each === 'string'))
    return { from: expressionOf(from, 'only.from'), is };
  throw new Error('"only" must be such as {"from":"type","is":["GENERATION"]}');
}

/** A sum of a first known one of a sum: nobody needs more. */
const LEVELS_MAX = 8;

function expressionOf(value: unknown, name: string, level = 0): Expression {
  if (level < LEVELS_MAX) {
    if (typeof value === 'string' && value !== '') return value;
    const inner = (each: unknown) => expressionOf(each, name, level + 1);
    if (Array.isArray(value) && value.length > 0) return value.map(inner);
    if (typeof value === 'object' && value !== null) {
      const { sum, from, times, map, value: constant } = value as Record<string, unknown>;
      if (Array.isArray(sum) && sum.length > 0) return { sum: sum.map(inner) };
      if (isPlain(constant)) return { value: constant };
      if (from !== undefined && typeof times === 'number') return { from: inner(from), times };
      if (from !== undefined && isPlainMap(map)) return { from: inner(from), map };
    }
  }
  throw new Error(
    `"${name}" must be a column, a list of columns, {"sum":[…]}, {"from":…,"times":…}, {"from":…,"map":{…}} or {"value":…}; got ${JSON.stringify(value)}`,
  );
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isPlainMap(value: unknown): value is Record<string, string | number | boolean | null> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.values(value).every((each) => each === null || isPlain(each));
}
