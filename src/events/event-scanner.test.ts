import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventScanner } from './event-scanner.ts';
import type { EventType } from './topics.ts';

const REQUEST =
  '{"type":"request","request_id":"r-1","tenant_id":"acme","route":"chat","model":"gpt-4o","timestamp":"2026-11-24T10:00:00.123Z","prompt_tokens":12,"user_id_hash":null,"metadata":{"plan":"pro","seats":[1,-2.5,true],"more":{}},"provider":"openai","stream":false,"extra":0.25}';
const RESPONSE =
  '{"type": "response", "request_id": "r-1", "timestamp": "2026-11-24T10:00:01Z", "latency_ms": 812.25, "completion_tokens": 7, "finish_reason": "stop", "error": null, "cache_hit": true}';
const EVALUATION =
  '{"type":"evaluation","request_id":"r-1","name":"tone","timestamp":"2026-11-24T10:00:01.5Z","score":-0.5,"passed":true,"tenant_id":"acme"}';

const scan = (text: string, type: EventType | null = null) => new EventScanner().scan(Buffer.from(text), type);

/** The request with a part of it changed. */
function changed(from: string, to: string): string {
  const text = REQUEST.replace(from, to);
  assert.notEqual(text, REQUEST, from);
  return text;
}

test('events as clients write them are recognised, with their id and tenant', () => {
  const facts = { requestId: 'r-1', tenantId: 'acme' };
  assert.deepEqual(scan(REQUEST), { ...facts, type: 'request' });
  assert.deepEqual(scan(RESPONSE), { ...facts, type: 'response', tenantId: null });
  assert.equal(scan(RESPONSE.replace('"error": null', '"tenant_id": "acme"'))?.tenantId, 'acme');
  assert.deepEqual(scan(EVALUATION), { ...facts, type: 'evaluation' });
  assert.deepEqual(scan(REQUEST, 'request'), scan(REQUEST));
  assert.deepEqual(scan(changed('"type":"request",', ''), 'request'), scan(REQUEST));
  const lines = Buffer.from(`${REQUEST}\n${RESPONSE}`);
  assert.equal(new EventScanner().scan(lines.subarray(REQUEST.length + 1), null)?.type, 'response');
});

test('one scanner takes events of all types in turn', () => {
  const scanner = new EventScanner();
  for (let round = 0; round < 2; round++) {
    for (const text of [REQUEST, RESPONSE, EVALUATION]) {
      assert.deepEqual(scanner.scan(Buffer.from(text), null), scan(text));
    }
  }
});

test('of a field that is given twice the last one counts', () => {
  assert.equal(scan(changed('"extra":0.25', '"request_id":"r-2"'))?.requestId, 'r-2');
  assert.equal(scan(changed('"extra":0.25', '"tenant_id":"other"'))?.tenantId, 'other');
  assert.deepEqual(scan(changed('"route":"chat",', '"route":"chat","route":"other",')), scan(REQUEST));
  assert.deepEqual(scan(changed('"extra":0.25', '"type":"request"')), scan(REQUEST));
  assert.equal(scan(changed('"extra":0.25', '"type":"response"')), null);
});

test('what is unusual and still valid is recognised', () => {
  for (const [from, to] of [
    ['"extra":0.25', '"extra":1e3'],
    ['2026-11-24', '2024-02-29'],
    ['10:00:00.123Z', '10:00:00.123+01:00'],
    [':12', ':12.0'],
    ['"pro"', '"prö \\u0031\\n"'],
    ['"metadata":{', ' "metadata" :\t{'],
  ] as const) {
    assert.deepEqual(scan(changed(from, to)), scan(REQUEST), to);
  }
});

test('what is not valid, or not written plainly, is left to the schema', () => {
  for (const [from, to] of [
    ['"type":"request"', '"type":"req"'],
    ['"type":"request",', ''],
    ['"r-1"', '""'],
    ['"r-1"', `"${'r'.repeat(129)}"`],
    ['"r-1"', '"r\\u0031"'],
    ['"r-1"', '"é"'],
    ['"r-1"', 'null'],
    ['"route":"chat",', ''],
    ['"extra":0.25', '"type":"response"'],
    ['"extra":0.25', '"extra":0.25,'],
    ['"extra":0.25', '"extra":00.25'],
    ['"extra":0.25', '"extra":.25'],
    ['"extra":0.25', '"extra":nul'],
    ['"extra":0.25', `"extra":${'['.repeat(40)}${']'.repeat(40)}`],
    [':12', ':-1'],
    [':12', ':1.5'],
    [':12', ':100000001'],
    [':12', ':12345678901234567'],
    ['"metadata":{', '"metadata":[{'],
    ['2026-11-24', '2026-02-29'],
    ['2026-11-24', '1969-11-24'],
    ['2026-11-24', '2026-13-24'],
    ['10:00:00.123Z', '24:00:00.123Z'],
    ['10:00:00.123Z', '10:00:60.123Z'],
    ['.123Z', '.Z'],
    ['.123Z', '.1234567890Z'],
    ['.123Z', '+24:00'],
  ] as const) {
    assert.equal(scan(changed(from, to)), null, to);
  }
  assert.equal(scan(REQUEST.slice(0, -1)), null);
  assert.equal(scan(`${REQUEST}\n${RESPONSE}`), null);
  assert.equal(scan('{}'), null);
  assert.equal(scan(''), null);
});

test('bytes that are not UTF-8 are left to whoever refuses them', () => {
  const bytes = Buffer.from(REQUEST);
  assert.notEqual(new EventScanner().scan(bytes, null), null);
  bytes[REQUEST.indexOf('pro"')] = 0xff;
  assert.equal(new EventScanner().scan(bytes, null), null);
});

test('an event of more than 16 KiB is left to the schema, which measures its metadata', () => {
  const ofBytes = (bytes: number) => changed('"pro"', `"${'x'.repeat(bytes - REQUEST.length + 3)}"`);
  assert.equal(ofBytes(16_384).length, 16_384);
  assert.deepEqual(scan(ofBytes(16_384)), scan(REQUEST));
  assert.equal(scan(ofBytes(16_385)), null);
});
