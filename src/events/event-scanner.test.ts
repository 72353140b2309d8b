import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventScanner } from './event-scanner.ts';
import { isEvent } from './event-validator.ts';
import { EVENT_RULES } from './scan-rules.ts';
import type { EventType } from './topics.ts';

const REQUEST =
  '{"type":"request","request_id":"r-1","tenant_id":"acme","route":"chat","model":"gpt-4o","timestamp":"2026-11-24T10:00:00.123Z","prompt_tokens":12,"user_id_hash":null,"metadata":{"plan":"pro","seats":[1,-2.5,true],"more":{}},"provider":"openai","stream":false,"extra":0.25}';
const RESPONSE =
  '{"type": "response", "request_id": "r-1", "timestamp": "2026-11-24T10:00:01Z", "latency_ms": 812.25, "completion_tokens": 7, "finish_reason": "stop", "error": null, "cache_hit": true}';
const EVALUATION =
  '{"type":"evaluation","request_id":"r-1","name":"tone","timestamp":"2026-11-24T10:00:01.5Z","passed":true,"tenant_id":"acme"}';

const scan = (text: string, type: EventType | null = null) => new EventScanner(Buffer.from(text)).scan(0, type);

test('events as clients write them are recognised, with their id, tenant and end', () => {
  const facts = { requestId: 'r-1', tenantId: 'acme' };
  assert.deepEqual(scan(REQUEST), { ...facts, type: 'request', end: REQUEST.length });
  assert.deepEqual(scan(RESPONSE), { ...facts, type: 'response', tenantId: null, end: RESPONSE.length });
  assert.deepEqual(scan(EVALUATION), { ...facts, type: 'evaluation', end: EVALUATION.length });
  assert.deepEqual(scan(REQUEST, 'request'), scan(REQUEST));
  assert.equal(
    new EventScanner(Buffer.from(`${REQUEST}\n${RESPONSE}`)).scan(REQUEST.length + 1, null)?.type,
    'response',
  );
});

test('every field of the schemas but the score of an evaluation is one that can be scanned', () => {
  const unknown = Object.values(EVENT_RULES).flatMap(({ byLength }) =>
    byLength.flatMap((rules) =>
      (rules ?? []).filter(({ kind }) => kind === 'unknown').map(({ name }) => Buffer.from(name).toString()),
    ),
  );
  assert.deepEqual(unknown, ['score']);
});

test('what is not valid, or not written plainly, is left to the schema', () => {
  const withField = (from: string, to: string) => {
    const text = REQUEST.replace(from, to);
    assert.notEqual(text, REQUEST, from);
    assert.equal(scan(text), null, to);
  };
  withField('"type":"request"', '"type":"req"');
  withField('"r-1"', '""');
  withField('"r-1"', `"${'r'.repeat(129)}"`);
  withField('"r-1"', '"r\\u0031"');
  withField('"r-1"', '"é"');
  withField('"r-1"', 'null');
  withField('"route":"chat",', '');
  withField('"route":"chat",', '"route":"chat","route":"other",');
  withField('"extra":0.25', '"type":"response"');
  withField('"extra":0.25', '"extra":0.25,');
  withField('"extra":0.25', '"extra":1e3');
  withField('"extra":0.25', '"extra":00.25');
  withField('"extra":0.25', '"extra":.25');
  withField('"extra":0.25', '"extra":nul');
  withField('"extra":0.25', `"extra":${'['.repeat(20)}${']'.repeat(20)}`);
  withField(':12', ':-1');
  withField(':12', ':1.5');
  withField(':12', ':100000001');
  withField(':12', ':12345678901234567');
  withField('"metadata":{', '"metadata":[{');
  withField('2026-11-24', '2026-02-29');
  withField('2026-11-24', '1969-11-24');
  withField('2026-11-24', '2026-13-24');
  withField('10:00:00.123Z', '24:00:00.123Z');
  withField('10:00:00.123Z', '10:00:60.123Z');
  withField('.123Z', '.Z');
  withField('.123Z', '.1234567890Z');
  withField('.123Z', '+01:00');
  assert.equal(scan(REQUEST.slice(0, -1)), null);
  assert.equal(scan('{}'), null);
  assert.equal(scan(''), null);
});

test('an event of more than 16 KiB is left to the schema, which measures its metadata', () => {
  assert.equal(scan(REQUEST.replace('"pro"', `"${'x'.repeat(17_000)}"`)), null);
});

/** A valid event, some of whose fields have any value of any kind. */
const fields = fc.dictionary(
  fc.constantFrom(
    ...[REQUEST, RESPONSE, EVALUATION].flatMap((text) => Object.keys(JSON.parse(text) as object)),
    'time_to_first_token_ms',
    'session_id',
    'cached_prompt_tokens',
    'label',
    'other',
  ),
  fc.oneof(
    fc.constantFrom('', 'x', 'r'.repeat(255), 'r'.repeat(256), 'é', '"', '\\', '\0', '\u007f', null, true, false),
    fc.constantFrom(0, -0, 1, 7, 1.5, -1, 99_999_999.5, 1e8, 100_000_001, 2_591_999_999.9, 2_592_000_000, 1e21, 1e-7),
    fc.constantFrom(
      '2026-02-28T23:59:59Z',
      '2024-02-29T00:00:00Z',
      '2199-12-31T00:00:00.123456789Z',
      '2200-01-01T00:00:00Z',
    ),
    fc.jsonValue({ maxDepth: 3 }),
  ),
  { maxKeys: 4 },
);

/** Bytes that matter to JSON, put anywhere. */
const piece = fc.oneof(
  fc.constantFrom(...'"\\{}[],: \n\u000019-.eé\u007f'.split('')),
  fc.constantFrom('null', 'true', '"type":"response",', '"request_id":"x",', '"tenant_id":"y",', '"__proto__":{},'),
);
const edits = fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(3), piece }), {
  maxLength: 2,
});

test('whatever is recognised is valid by the schema, with the same id, tenant and type', () => {
  let recognised = 0;
  const property = fc.property(
    fc.constantFrom(REQUEST, RESPONSE, EVALUATION),
    fields,
    edits,
    (base, given, changes) => {
      let text = JSON.stringify({ ...(JSON.parse(base) as object), ...given });
      for (const { at, drop, piece: put } of changes) {
        const place = Math.floor(at * text.length);
        text = text.slice(0, place) + put + text.slice(place + drop);
      }
      const bytes = Buffer.from(text);
      const scanned = new EventScanner(bytes).scan(0, null);
      if (scanned === null) return;
      recognised++;
      const line = bytes.subarray(0, scanned.end);
      const event = JSON.parse(line.toString()) as { type: string; request_id: string; tenant_id?: string };
      assert.ok(isEvent(scanned.type, event, line.length), text);
      assert.equal(event.type, scanned.type);
      assert.equal(event.request_id, scanned.requestId);
      if (scanned.type !== 'response') assert.equal(event.tenant_id ?? null, scanned.tenantId);
    },
  );
  fc.assert(property, { numRuns: 20_000 });
  assert.ok(recognised > 1000, `only ${recognised} were recognised`);
});
