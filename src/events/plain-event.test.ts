import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TObject } from 'typebox';
import { isEvent } from './event-validator.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { ABSENT, FALSE, NULL, PlainEvent, VALUE } from './plain-event.ts';
import { parseTimestampMs } from './timestamp.ts';

type Kind = 'request' | 'response';
const SCHEMAS: Readonly<Record<Kind, TObject>> = { request: LlmRequest, response: LlmResponse };

const REQUEST = {
  type: 'request',
  request_id: 'r-1',
  tenant_id: 'acme',
  route: 'chat',
  model: 'gpt-4.1-mini',
  timestamp: '2025-11-19T10:00:00.125Z',
  prompt_tokens: 120,
  user_id_hash: null,
  metadata: { team: 'söüth', nested: [{ deep: '}"' }] },
  stream: false,
};
const RESPONSE = {
  request_id: 'r-1',
  timestamp: '2025-11-19T11:00:01+01:00',
  latency_ms: 732.4,
  completion_tokens: null,
  finish_reason: 'stop',
  error: '',
  cache_hit: true,
};

function reads(kind: Kind, json: string): PlainEvent | null {
  const event = new PlainEvent(SCHEMAS[kind]);
  return event.read(Buffer.from(json)) ? event : null;
}

test('a request is read with all its fields, whatever their order and the white space', () => {
  const reversed = Object.fromEntries(Object.entries(REQUEST).toReversed());
  for (const json of [JSON.stringify(REQUEST), JSON.stringify(reversed), JSON.stringify(REQUEST, null, '\t')]) {
    const event = reads('request', json);
    assert.ok(event, json);
    assert.equal(event.textAt(event.field('tenant_id')), 'acme');
    assert.equal(event.numbers[event.field('timestamp')], Date.parse(REQUEST.timestamp));
    assert.equal(event.numbers[event.field('prompt_tokens')], 120);
    assert.equal(event.found[event.field('user_id_hash')], NULL);
    assert.equal(event.found[event.field('stream')], FALSE);
    assert.equal(event.found[event.field('cached_prompt_tokens')], ABSENT);
    assert.deepEqual(event.objectOrNullAt(event.field('metadata')), REQUEST.metadata);
  }
});

test('a response is read with fractions, offsets and nulls', () => {
  const event = reads('response', JSON.stringify(RESPONSE));
  assert.ok(event);
  assert.equal(event.numbers[event.field('latency_ms')], 732.4);
  assert.equal(event.numbers[event.field('timestamp')], Date.parse(RESPONSE.timestamp));
  assert.equal(event.found[event.field('completion_tokens')], NULL);
  assert.equal(event.textOrNullAt(event.field('error')), '');
  assert.equal(event.found[event.field('cache_hit')], VALUE);
});

test('an event inside a larger buffer ends where it is said to', () => {
  const line = Buffer.from(JSON.stringify(REQUEST));
  const bytes = Buffer.concat([line, Buffer.from('\n'), line]);
  const event = new PlainEvent(LlmRequest);
  assert.ok(event.read(bytes, line.length + 1, bytes.length));
  assert.ok(event.isAt(event.field('request_id'), Buffer.from('r-1')));
  for (let end = 0; end < line.length; end++) assert.equal(event.read(bytes, 0, end), false, `cut at ${end}`);
});

test('what is nested deeply, escaped or not ASCII is left to JSON.parse', () => {
  for (const change of [{ route: 'a"b' }, { tenant_id: 'café' }, { metadata: deep(40) }, { prompt_tokens: 1e21 }]) {
    assert.equal(reads('request', JSON.stringify({ ...REQUEST, ...change })), null, JSON.stringify(change));
  }
});

test('what is read has the values that JSON.parse gives, and the validator accepts it', () => {
  let readCount = 0;
  fc.assert(
    fc.property(fc.constantFrom<Kind>('request', 'response').chain(anEvent), ({ kind, json }) => {
      const event = reads(kind, json);
      if (event === null) return;
      readCount++;
      const parsed: unknown = JSON.parse(json);
      assert.ok(isEvent(kind, parsed, Buffer.byteLength(json)), 'the validator refuses it');
      const members = new Map<string, unknown>(Object.entries(parsed));
      for (const name of Object.keys(SCHEMAS[kind].properties)) {
        assert.deepEqual(valueOf(event, name), members.get(name), name);
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(readCount > 500, `only ${readCount} of the events were plain`);
});

function valueOf(event: PlainEvent, name: string): unknown {
  const field = event.field(name);
  const found = event.found[field];
  if (found === ABSENT) return undefined;
  if (found === NULL) return null;
  if (['stream', 'cache_hit'].includes(name)) return found === VALUE;
  if (name === 'metadata') return event.objectOrNullAt(field);
  if (name === 'timestamp') {
    assert.equal(event.numbers[field], parseTimestampMs(event.textAt(field)));
    return event.textAt(field);
  }
  return /_tokens$|_ms$/.test(name) ? event.numbers[field] : event.textAt(field);
}

function deep(levels: number): unknown {
  return levels === 0 ? 1 : { a: deep(levels - 1) };
}

/** The JSON of an event near the valid ones: fields missing, repeated, in any order, of wrong kinds; bytes changed. */
function anEvent(kind: Kind): fc.Arbitrary<{ kind: Kind; json: string }> {
  const base: Readonly<Record<string, unknown>> = kind === 'request' ? REQUEST : RESPONSE;
  const member = fc
    .constantFrom(...Object.keys(SCHEMAS[kind].properties), 'type', 'unknown')
    .chain((name) =>
      fc.tuple(fc.constant(name), fc.oneof(aValueOf(name), fc.oneof(aValueOf('route'), fc.jsonValue()))),
    );
  const members = fc
    .tuple(
      fc.shuffledSubarray(Object.entries(base), { minLength: Object.keys(base).length - 1 }),
      fc.array(member, { maxLength: 4 }),
    )
    .chain(([known, others]) =>
      fc.shuffledSubarray([...known, ...others], { minLength: known.length + others.length }),
    );
  const text = fc.tuple(members, fc.constantFrom('', ' ', '\n')).map(([pairs, space]) => {
    const written = pairs.map(([name, value]) => `${space}${JSON.stringify(name)}:${space}${rawOf(value)}`);
    return `{${written.join(`${space},`)}${space}}`;
  });
  const change = fc.option(fc.tuple(fc.nat(), fc.constantFrom('', '"', '}', ',', '0', '.', 'e', '\\', '\u0001', '-')), {
    freq: 3,
  });
  return fc.tuple(text, change).map(([json, broken]) => {
    if (broken === null) return { kind, json };
    const at = broken[0] % json.length;
    return { kind, json: json.slice(0, at) + broken[1] + json.slice(at + 1) };
  });
}

class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const rawOf = (value: unknown): string => (value instanceof Raw ? value.text : JSON.stringify(value));

function aValueOf(name: string): fc.Arbitrary<unknown> {
  if (name === 'timestamp') {
    const two = fc.integer({ min: 0, max: 62 }).map((n) => String(n).padStart(2, '0'));
    const zone = fc.constantFrom('Z', 'z', '', '+01:00', '-23:59', '+24:00', '+0100');
    const fraction = fc.constantFrom('', '.', '.1', '.123', '.123456789', '.1234567891');
    return fc
      .tuple(fc.integer({ min: 1968, max: 2201 }), two, two, two, two, two, fraction, zone)
      .map(([year, mo, d, h, mi, s, f, z]) => `${year}-${mo}-${d}T${h}:${mi}:${s}${f}${z}`);
  }
  if (/_tokens$|_ms$/.test(name)) {
    const digits = fc.stringMatching(/^\d{1,17}(\.\d{0,17})?(e\d)?$/).map((text) => new Raw(text));
    return fc.oneof(
      fc.nat(200_000_000),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      digits,
      fc.constant(null),
    );
  }
  return fc.oneof(fc.string({ maxLength: 300 }), fc.constantFrom('', 'a', 'x'.repeat(256), true, false, null));
}
