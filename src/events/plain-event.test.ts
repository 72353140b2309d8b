import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TObject } from 'typebox';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { ABSENT, FALSE, NULL, PlainEvent, VALUE } from './plain-event.ts';

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
  assert.ok(event.read(bytes.subarray(line.length + 1)));
  assert.ok(event.isAt(event.field('request_id'), Buffer.from('r-1')));
  for (let end = 0; end < line.length; end++) {
    assert.equal(event.read(bytes.subarray(0, end)), false, `cut at ${end}`);
  }
});

test('a number has all its digits, however it is written', () => {
  for (const number of ['1234.5678901672363', '0.1', '123456789.01234567', '12e-1', '0.30000000000000004', '-0']) {
    const event = reads('response', JSON.stringify(RESPONSE).replace('732.4', number));
    assert.ok(event, number);
    assert.equal(event.numbers[event.field('latency_ms')], JSON.parse(number));
  }
});

test('what is nested deeply, escaped or not ASCII is left to JSON.parse', () => {
  for (const change of [{ route: 'a"b' }, { tenant_id: 'café' }, { metadata: deep(40) }, { prompt_tokens: 1e21 }]) {
    assert.equal(reads('request', JSON.stringify({ ...REQUEST, ...change })), null, JSON.stringify(change));
  }
});

function deep(levels: number): unknown {
  return levels === 0 ? 1 : { a: deep(levels - 1) };
}
