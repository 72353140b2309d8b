import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventTable } from '../../../events/event-table.ts';
import { LlmRequest, REQUEST_FIELDS } from '../../../events/llm-request.ts';
import { LlmResponse, RESPONSE_FIELDS } from '../../../events/llm-response.ts';
import { type PlainField, plainFields } from '../../../events/plain-fields.ts';
import { RequestRecord } from './request-record.ts';
import { ResponseRecord } from './response-record.ts';
import { SeriesDictionary } from './series-dictionary.ts';

type Event = Readonly<Record<string, unknown>>;
type Facts = Readonly<Record<string, unknown>>;

/** How a kind of record is read, and where a field's fact has another name than the field. */
interface Kind {
  readonly name: string;
  readonly table: EventTable;
  readonly fields: readonly PlainField[];
  /** Reads events one after the other with one record, as the core does. */
  readonly reader: () => (event: Event, isPlain: boolean) => Facts;
  /** Of fields that are read into other facts than the one of their name: into which. None: nobody reads it. */
  readonly facts: Readonly<Record<string, readonly string[]>>;
}

const KINDS: readonly Kind[] = [
  {
    name: 'request',
    table: REQUEST_FIELDS,
    fields: plainFields(LlmRequest),
    reader: () => {
      const record = new RequestRecord(new SeriesDictionary());
      return (event, isPlain) => {
        assert.equal(record.read(asRecord(event, isPlain)), null);
        const { series, ...facts } = record;
        return { ...told(facts), ...series, requestId: record.requestId, ...keptFacts(record.kept()) };
      };
    },
    facts: { request_id: ['key', 'requestId'], timestamp: ['timestampMs'], stream: [], operation: [] },
  },
  {
    name: 'response',
    table: RESPONSE_FIELDS,
    fields: plainFields(LlmResponse),
    reader: () => {
      const record = new ResponseRecord();
      return (event, isPlain) => {
        assert.equal(record.read(asRecord(event, isPlain)), null);
        const { value, ...facts } = record;
        assert.ok(value.length > 0);
        return { ...told(facts), requestId: record.requestId, ...keptFacts(record.kept()) };
      };
    },
    facts: {
      request_id: ['key', 'requestId'],
      timestamp: ['timestampMs'],
      latency_ms: ['isLatencyAbsent', 'latencyMs'],
      finish_reason: ['finishReason', 'kept finishReason'],
      service_tier: ['kept serviceTier', 'serviceTier'],
      operation: ['isOfEmbeddings'],
      cache_hit: ['isFromCache'],
      finish_reason_raw: [],
    },
  },
];

/** A record without an id in plain letters is left to `JSON.parse`. */
function asRecord(event: Event, isPlain: boolean) {
  const text = JSON.stringify(event);
  const value = Buffer.from(isPlain ? text : text.replace('"request_id"', String.raw`"\u0072equest_id"`));
  return { key: Buffer.from(String(event['request_id'])), value, senderTenant: null, offset: 0, loggedAtMs: 0 };
}

/** What a single call keeps, under names that a fact of the same field does not have. */
function keptFacts(kept: object | null): Facts {
  return Object.fromEntries(Object.entries(kept ?? {}).map(([name, fact]) => [`kept ${name}`, fact] as const));
}

/** What can be compared of a record: its bytes as text. */
function told(facts: object): Facts {
  const entries = Object.entries(facts).map(([name, fact]: [string, unknown]) => [
    name,
    fact instanceof Uint8Array ? Buffer.from(fact).toString() : fact,
  ]);
  return Object.fromEntries(entries) as Facts;
}

/** A value of a field, another for each field and for each of `variant` 1 and 2. */
function valueOf({ name, kind, words }: PlainField, index: number, variant: number): unknown {
  const number = 2 * index + variant;
  if (kind === 'boolean') return variant === 1;
  if (kind === 'word') return words[variant - 1];
  if (kind === 'instant') return new Date(number * 1_000).toISOString();
  if (kind === 'integer') return number;
  if (kind === 'number') return number + 0.5;
  if (kind === 'object') return { [name]: variant };
  // The one text of which a single word counts.
  return name === 'operation' && variant === 1 ? 'embeddings' : `${name} ${variant}`;
}

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const namesOf = (facts: Facts): readonly string[] => Object.keys(facts).filter((name) => facts[name] !== undefined);

function changedBetween(one: Facts, other: Facts): readonly string[] {
  const names = new Set([...namesOf(one), ...namesOf(other)]);
  return [...names].filter((name) => !Object.is(one[name] ?? null, other[name] ?? null)).toSorted();
}

for (const { name, table, fields, reader, facts } of KINDS) {
  const event = (variant: number): Event =>
    Object.fromEntries(fields.map((field, index) => [field.name, valueOf(field, index, variant)]));
  const [one, other] = [event(1), event(2)];
  const factsOf = (field: string): readonly string[] =>
    facts[field] ?? [`${table[field]?.kept === undefined ? '' : 'kept '}${camelCase(field)}`];

  test(`each field of a ${name} is read into its own facts and no others, from its bytes and parsed`, () => {
    assert.deepEqual(fields.map((field) => field.name).toSorted(), Object.keys(table).toSorted());
    for (const isPlain of [true, false]) {
      const read = reader();
      for (const field of Object.keys(table)) {
        const changed = changedBetween(read(one, isPlain), read({ ...one, [field]: other[field] }, isPlain));
        const expected = factsOf(field).filter((fact) => fact !== 'isLatencyAbsent');
        assert.deepEqual(changed, expected.toSorted(), `${field}, ${isPlain ? 'plain' : 'parsed'}`);
      }
    }
  });

  test(`no fact of a ${name} is there that no field fills`, () => {
    const filled = new Set(Object.keys(table).flatMap(factsOf));
    assert.deepEqual(new Set(namesOf(reader()(one, true))), filled);
  });

  test(`what a ${name} does not say is not what the one before it said`, () => {
    const required = new Set(fields.filter(({ isRequired }) => isRequired).map((field) => field.name));
    for (const isPlain of [true, false]) {
      for (const field of Object.keys(table).filter((each) => !required.has(each))) {
        const read = reader();
        const without = Object.fromEntries(Object.entries(one).filter(([each]) => each !== field));
        assert.deepEqual(changedBetween(read(one, isPlain), read(without, isPlain)), factsOf(field).toSorted(), field);
      }
    }
  });
}
