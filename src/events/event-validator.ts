import type { TObject } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { wordsComplaint } from './allowed-words.ts';
import { METADATA_BYTES_MAX, METADATA_LEVELS_MAX } from './fields.ts';
import { LlmEvaluation } from './llm-evaluation.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { parseTimestampMs } from './timestamp.ts';
import type { EventType } from './topics.ts';

/** What is wrong with one field, fit for the sender's eyes. `path` is a JSON pointer; '' is the event itself. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface EventOf {
  readonly request: LlmRequest;
  readonly response: LlmResponse;
  readonly evaluation: LlmEvaluation;
}

const SCHEMAS: { readonly [K in EventType]: TObject } = {
  request: LlmRequest,
  response: LlmResponse,
  evaluation: LlmEvaluation,
};
const VALIDATORS: { readonly [K in EventType]: Validator } = {
  request: Compile(LlmRequest),
  response: Compile(LlmResponse),
  evaluation: Compile(LlmEvaluation),
};

/**
 * Whether `value` is a valid event: the one check behind HTTP, batches, OTLP and the topics.
 *
 * @param jsonBytes size of the whole event as JSON in UTF-8; a small event needs no measuring of its parts
 */
export function isEvent<K extends EventType>(type: K, value: unknown, jsonBytes: number): value is EventOf[K] {
  return VALIDATORS[type].Check(value) && beyondSchema(type, value as EventOf[EventType], jsonBytes) === undefined;
}

/** What is wrong with `value`; empty for a valid event. At most ten, since more do not help anybody. */
export function eventErrors(type: EventType, value: unknown, jsonBytes: number): FieldError[] {
  const validator = VALIDATORS[type];
  if (validator.Check(value)) {
    const error = beyondSchema(type, value as EventOf[EventType], jsonBytes);
    return error === undefined ? [] : [error];
  }
  const errors = new Map<string, FieldError>();
  for (const raw of validator.Errors(value)) {
    for (const error of toFieldErrors(type, raw)) {
      if (!errors.has(error.path) && errors.size < FIELD_ERRORS_MAX) errors.set(error.path, error);
    }
  }
  return [...errors.values()];
}

const FIELD_ERRORS_MAX = 10;
const TIMESTAMP_RANGE = 'must be an RFC 3339 time between 1970 and 2199, such as 2025-11-19T10:00:00Z';

/** Rules that JSON Schema cannot say. */
function beyondSchema(type: EventType, event: EventOf[EventType], jsonBytes: number): FieldError | undefined {
  const atMs = parseTimestampMs(event.timestamp);
  if (Number.isNaN(atMs)) return { path: '/timestamp', message: 'is no day of the calendar' };
  // The pattern lets the year 1970 through, but an offset can put its first hours into 1969, which has no window.
  if (atMs < 0) return { path: '/timestamp', message: TIMESTAMP_RANGE };
  // Each level takes two brackets, so a small event needs no look.
  if (type !== 'request' || jsonBytes <= 2 * METADATA_LEVELS_MAX) return undefined;
  const metadata = (event as LlmRequest).metadata;
  if (!metadata) return undefined;
  if (isDeeperThan(METADATA_LEVELS_MAX, metadata)) {
    return { path: '/metadata', message: `must not be nested deeper than ${METADATA_LEVELS_MAX} levels` };
  }
  if (jsonBytes > METADATA_BYTES_MAX && Buffer.byteLength(JSON.stringify(metadata)) > METADATA_BYTES_MAX) {
    return { path: '/metadata', message: `must take at most ${METADATA_BYTES_MAX} bytes as JSON` };
  }
  return undefined;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function toFieldErrors(type: EventType, error: SchemaError): FieldError[] {
  if (error.keyword === 'required') {
    const missing = error.params['requiredProperties'];
    if (Array.isArray(missing)) {
      return missing.map((name) => ({ path: `${error.instancePath}/${name}`, message: 'is required' }));
    }
  }
  return [{ path: error.instancePath, message: wording(type, error) }];
}

/** The library's words are for schema authors ("must match pattern …"); these are for senders. */
function wording(type: EventType, error: SchemaError): string {
  const field = error.instancePath.slice(error.instancePath.lastIndexOf('/') + 1);
  if (error.keyword === 'pattern') {
    return field === 'timestamp' ? TIMESTAMP_RANGE : 'must not contain U+0000';
  }
  return wordsComplaint(SCHEMAS[type].properties[field]) ?? error.message;
}
