import { TEXT_PATTERN, TIMESTAMP_PATTERN } from './fields.ts';
import { LlmEvaluation } from './llm-evaluation.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import type { EventType } from './topics.ts';

/** What a field's bytes must be. `limit` is the most characters of a text, or the largest number. */
export interface FieldRule {
  readonly name: Uint8Array;
  /** Its own bit among the fields of its event. */
  readonly bit: number;
  readonly kind: 'text' | 'timestamp' | 'integer' | 'number' | 'flag' | 'object' | 'unknown';
  readonly isNullable: boolean;
  readonly charsMin: number;
  readonly limit: number;
}

/** The fields of an event by the length of their names, which is nearly the same as by name. */
export interface EventRules {
  readonly byLength: readonly (readonly FieldRule[] | undefined)[];
  readonly requiredBits: number;
  readonly requestIdBit: number;
  /** 0 where the event has none. */
  readonly tenantIdBit: number;
}

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface ObjectSchema {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, Schema>>;
}

const SAYS_NOTHING: ReadonlySet<string> = new Set(['description', 'examples', 'title']);
const KNOWN_WORDS: ReadonlySet<string> = new Set([
  'type',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'properties',
  'additionalProperties',
]);

/** Read from the schemas, so that there is one place where a limit is written. */
export const EVENT_RULES: Readonly<Record<EventType, EventRules>> = {
  request: rulesOf(LlmRequest),
  response: rulesOf(LlmResponse),
  evaluation: rulesOf(LlmEvaluation),
};

function rulesOf({ properties, required = [] }: ObjectSchema): EventRules {
  const names = Object.keys(properties);
  const bitOf = (name: string): number => (names.includes(name) ? 1 << names.indexOf(name) : 0);
  const byLength: FieldRule[][] = [];
  for (const name of names) {
    (byLength[name.length] ??= []).push(ruleOf(name, bitOf(name), properties[name] as Schema));
  }
  return {
    byLength: Array.from(byLength),
    requiredBits: required.reduce((bits, name) => bits | bitOf(name), 0),
    requestIdBit: bitOf('request_id'),
    tenantIdBit: bitOf('tenant_id'),
  };
}

function ruleOf(name: string, bit: number, schema: Schema): FieldRule {
  const branches = schema.anyOf ?? [schema];
  const [value = {}, ...others] = branches.filter(({ type }) => type !== 'null');
  const isNullable = branches.some(({ type }) => type === 'null');
  const isUnionOnly = schema.anyOf === undefined || saidWords(schema).length === 1;
  const kind = others.length > 0 || !isUnionOnly ? 'unknown' : kindOf(value);
  const limit = value.maxLength ?? value.maximum ?? Infinity;
  return { name: Buffer.from(name), bit, kind, isNullable, charsMin: value.minLength ?? 0, limit };
}

/** `unknown` for whatever a scanner does not know how to check: then it gives up. */
function kindOf(schema: Schema): FieldRule['kind'] {
  if (saidWords(schema).some((word) => !KNOWN_WORDS.has(word))) return 'unknown';
  const { type = '' } = schema;
  switch (type) {
    case 'string':
      if (schema.pattern === TIMESTAMP_PATTERN) return 'timestamp';
      return schema.pattern === undefined || schema.pattern === TEXT_PATTERN ? 'text' : 'unknown';
    case 'integer':
    case 'number':
      return schema.minimum === 0 ? type : 'unknown';
    case 'boolean':
      return 'flag';
    case 'object':
      return 'object';
    default:
      return 'unknown';
  }
}

function saidWords(schema: Schema): string[] {
  return Object.keys(schema).filter((word) => !SAYS_NOTHING.has(word));
}
