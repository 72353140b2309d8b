import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TObject } from 'typebox';
import { EventScanner } from './event-scanner.ts';
import { isEvent } from './event-validator.ts';
import { LlmEvaluation } from './llm-evaluation.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { ABSENT, NULL, PlainEvent, VALUE } from './plain-event.ts';
import { parseTimestampMs } from './timestamp.ts';
import type { EventType } from './topics.ts';

const SCHEMAS: Readonly<Record<EventType, TObject>> = {
  request: LlmRequest,
  response: LlmResponse,
  evaluation: LlmEvaluation,
};

const BASES: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  request: {
    request_id: 'r-1',
    tenant_id: 'acme',
    route: 'chat',
    model: 'gpt-4.1-mini',
    timestamp: '2025-11-19T10:00:00.125Z',
    prompt_tokens: 120,
    user_id_hash: null,
    metadata: { team: 'söüth', nested: [{ deep: '}"' }, -2.5, true] },
    stream: false,
  },
  response: {
    request_id: 'r-1',
    timestamp: '2025-11-19T11:00:01+01:00',
    latency_ms: 732.4,
    completion_tokens: null,
    finish_reason: 'stop',
    error: '',
    cache_hit: true,
  },
  evaluation: {
    request_id: 'r-1',
    name: 'tone',
    timestamp: '2025-11-19T10:00:01.5Z',
    score: -0.25,
    passed: true,
    tenant_id: 'acme',
  },
};

/** What the senders of these tests see of an event's fields. */
interface Members {
  readonly type?: unknown;
  readonly request_id: string;
  readonly tenant_id?: string | null;
}

test('what is read has the values that JSON.parse gives, and the validator accepts it', () => {
  const readers = { request: reader('request'), response: reader('response'), evaluation: reader('evaluation') };
  const scanner = new EventScanner();
  let [readCount, recognisedCount] = [0, 0];
  const property = fc.property(
    fc.constantFrom<EventType>('request', 'response', 'evaluation').chain(anEvent),
    fc.constantFrom('', '\n', '}', '"}', '0', ',"type":"request"}'),
    ({ kind, json }, around) => {
      const bytes = inside(around, json);
      const event = readers[kind];
      if (event.read(bytes)) {
        readCount++;
        const parsed = accepted(kind, json);
        const members = new Map<string, unknown>(Object.entries(parsed));
        for (const name of Object.keys(SCHEMAS[kind].properties)) {
          assert.deepEqual(valueOf(event, name), members.get(name), name);
        }
        assert.deepEqual(scanner.scan(bytes, kind), scannedOf(kind, parsed));
      } else {
        assert.equal(scanner.scan(bytes, kind), null);
      }
      const scanned = scanner.scan(bytes, null);
      if (scanned === null) return;
      recognisedCount++;
      const parsed = accepted(scanned.type, json);
      assert.equal(parsed.type, scanned.type);
      assert.deepEqual(scanned, scannedOf(scanned.type, parsed));
    },
  );
  fc.assert(property, { numRuns: 20_000 });
  assert.ok(readCount > 4000, `only ${readCount} of the events were plain`);
  assert.ok(recognisedCount > 1000, `only ${recognisedCount} of the events were recognised by their type`);
});

function reader(kind: EventType): PlainEvent {
  return new PlainEvent(SCHEMAS[kind]);
}

/** The bytes of the event with others before and behind, which nobody may read. */
function inside(around: string, json: string): Buffer {
  const bytes = Buffer.from(around + json + around);
  return bytes.subarray(around.length, bytes.length - around.length);
}

function accepted(kind: EventType, json: string): Members {
  const parsed: unknown = JSON.parse(json);
  assert.ok(isEvent(kind, parsed, Buffer.byteLength(json)), 'the validator refuses it');
  return parsed;
}

function scannedOf(type: EventType, { request_id: requestId, tenant_id: tenantId }: Members): object {
  return { type, requestId, tenantId: tenantId ?? null };
}

function valueOf(event: PlainEvent, name: string): unknown {
  const field = event.field(name);
  const found = event.found[field];
  if (found === ABSENT) return undefined;
  if (found === NULL) return null;
  if (['stream', 'cache_hit', 'passed'].includes(name)) return found === VALUE;
  if (name === 'metadata') return event.objectOrNullAt(field);
  if (name === 'timestamp') {
    assert.equal(event.numbers[field], parseTimestampMs(event.textAt(field)));
    return event.textAt(field);
  }
  return isNumber(name) ? event.numbers[field] : event.textAt(field);
}

const isNumber = (name: string): boolean => /_tokens$|_ms$|_usd$|^score$/.test(name);

/** The JSON of an event near the valid ones: fields missing, repeated, in any order, of wrong kinds; bytes changed. */
function anEvent(kind: EventType): fc.Arbitrary<{ kind: EventType; json: string }> {
  const base = BASES[kind];
  const member = fc
    .constantFrom(...Object.keys(SCHEMAS[kind].properties), 'type', 'unknown', 'tenant_id', '__proto__')
    .chain((name) => fc.tuple(fc.constant(name), fc.oneof({ weight: 3, arbitrary: aValueOf(name) }, anyValue)));
  const members = fc
    .tuple(
      fc.shuffledSubarray(Object.entries(base), { minLength: Object.keys(base).length - 1 }),
      fc.array(member, { maxLength: 4 }),
    )
    .chain(([known, others]) =>
      fc.shuffledSubarray([...known, ...others], { minLength: known.length + others.length }),
    );
  const type = fc.option(fc.constantFrom(kind, kind, kind, 'request', 'evaluation', 'other'), { freq: 4 });
  const text = fc.tuple(type, members, fc.constantFrom('', '', ' ', '\n')).map(([leading, pairs, space]) => {
    const all: [string, unknown][] = leading === null ? pairs : [['type', leading], ...pairs];
    const written = all.map(([name, value], i) => {
      const before = i === 0 && space === ' ' ? '' : space;
      return `${before}${JSON.stringify(name)}:${space}${rawOf(value)}`;
    });
    return `{${written.join(`${space},`)}${space}}`;
  });
  return fc.tuple(text, edits).map(([json, changes]) => {
    let changed = json;
    for (const { at, drop, put } of changes) {
      const place = at % changed.length;
      changed = changed.slice(0, place) + put + changed.slice(place + drop);
    }
    return { kind, json: changed };
  });
}

/** What matters to JSON, put anywhere. */
const piece = fc.oneof(
  fc.constantFrom(...'"\\{}[],: \n\t19-.eE'.split(''), '', '\0', '\u0001', '\u007f', 'é', '\u{1f600}'),
  fc.constantFrom('null', 'true', '"type":"response",', '"request_id":"x",', '"tenant_id":"y",', '"__proto__":{},'),
);
const edits = fc.oneof(
  fc.constant([]),
  fc.array(fc.record({ at: fc.nat(), drop: fc.nat(3), put: piece }), { maxLength: 2 }),
);

class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const rawOf = (value: unknown): string => (value instanceof Raw ? value.text : JSON.stringify(value));

const aText = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.constantFrom('', 'a', 'r'.repeat(128), 'r'.repeat(129), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(8193)),
  fc.constantFrom('é', '"', '\\', '\0', '\u007f', null, true, false),
);
const anyValue = fc.oneof(aText, fc.jsonValue({ maxDepth: 3 }));

const aNumber = fc.oneof(
  fc.nat(200_000_000),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, min: 0, max: 3e9 }),
  fc.constantFrom(0, 1.5, -1, 99_999_999.5, 1e8, 100_000_001, 2_591_999_999.9, 2_592_000_000, 2_592_000_001),
  fc.constantFrom(1e9, -1e9, 1_000_000_001, 1e21, 1e-7, 1234.567_890_167_236_3, null),
  fc.constantFrom(...['-0', '1E2', '1.0', '12.50', '1e999', '-1e999', '0e0', '01', '1e', '.5'].map((t) => new Raw(t))),
  fc.stringMatching(/^\d{1,17}(\.\d{0,17})?(e\d)?$/).map((text) => new Raw(text)),
);

function aValueOf(name: string): fc.Arbitrary<unknown> {
  if (name === 'timestamp') return fc.oneof(anInstant, fc.constantFrom(...EDGES_OF_TIME));
  if (name === 'type') return fc.constantFrom('request', 'response', 'evaluation', 'other', '');
  if (name === 'metadata') return fc.oneof(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), anyValue);
  if (['stream', 'cache_hit', 'passed'].includes(name)) return fc.constantFrom(true, false, null, 'true', 1);
  if (name === 'error_kind') return fc.constantFrom('rate_limit', 'cancelled', 'Other', '', null, 1);
  if (name === 'cost_reported_by') return fc.constantFrom('provider', 'client', 'me', null, true);
  return isNumber(name) ? aNumber : aText;
}

const EDGES_OF_TIME = [
  '1970-01-01T00:00:00Z',
  '1970-01-01T00:59:59+01:00',
  '1970-01-01T01:00:00+01:00',
  '2026-02-28T23:59:59Z',
  '2026-02-29T00:00:00Z',
  '2024-02-29T00:00:00Z',
  '2100-02-29T00:00:00Z',
  '2199-12-31T00:00:00.123456789Z',
  '2199-12-31T23:59:59-23:59',
  '2200-01-01T00:00:00Z',
];

const two = fc.integer({ min: 0, max: 62 }).map((n) => String(n).padStart(2, '0'));
const anInstant = fc
  .record({
    date: fc.tuple(fc.integer({ min: 1968, max: 2201 }), two, two).map((parts) => parts.join('-')),
    separator: fc.constantFrom('T', 'T', 'T', 't', ' '),
    time: fc.tuple(two, two, two).map((parts) => parts.join(':')),
    fraction: fc.constantFrom('', '.', '.1', '.123', '.123456789', '.1234567891'),
    zone: fc.constantFrom('Z', 'z', '', '+01:00', '-23:59', '+24:00', '+0100'),
  })
  .map(({ date, separator, time, fraction, zone }) => date + separator + time + fraction + zone);
