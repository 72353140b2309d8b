import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LlmResponse } from '../../events/llm-response.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { spansToEvents } from '../spans-to-events.ts';
import type { CallEvent } from './call-events.ts';
import { eventText } from './event-text.ts';
import { DEFAULT_ATTRIBUTE_NAMES, DimensionFinder } from './tenant-and-route.ts';

const dimensions = new DimensionFinder(DEFAULT_ATTRIBUTE_NAMES);

function assertWrittenAsJson(event: CallEvent): void {
  const { type: _, ...written } = event;
  assert.deepEqual(JSON.parse(eventText(event)), JSON.parse(JSON.stringify(written)));
}

/** Quotes, controls, lone surrogates and what else JSON escapes are as likely as letters. */
const anyText = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u007f', '\u2028', 'é', '\ud800', '😀') });
const anyValue = fc.oneof(anyText, fc.double(), fc.boolean(), fc.array(anyText), fc.constant('{"a":1}'));

test('an event is written as JSON.stringify would, whatever the sender put into it', () => {
  fc.assert(
    fc.property(anyText, anyValue, fc.nat(), fc.boolean(), (text, value, count, isFailed) => {
      const attributes = {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': text,
        'gen_ai.response.finish_reasons': [text],
        'gen_ai.response.time_to_first_chunk': count / 1000,
        'gen_ai.usage.input_tokens': count,
        'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h': count,
        'gen_ai.usage.audio.input_tokens': count,
        'gen_ai.usage.audio.output_tokens': count,
        'gen_ai.response.service_tier': text,
        'gen_ai.request.stream': isFailed,
        'user.id': text,
        'session.id': text,
        hidden_params: '{"cache_key":"k"}',
        [`metadata.${text}`]: value,
        'metadata.__proto__': value,
      };
      const span = aSpan({ attributes, statusCode: isFailed ? 2 : 0, statusMessage: text, scopeName: text });
      const { events } = spansToEvents({ spans: [span] }, { tenantOfKey: text, dimensions, recent: null });
      assert.equal(events.length, 2);
      for (const event of events) assertWrittenAsJson(event);
    }),
    { numRuns: 2000 },
  );
});

test('every field of a response is written', () => {
  const { properties } = LlmResponse;
  // No span's response names a tenant: its request does.
  for (const name of Object.keys(properties).filter((each) => each !== 'tenant_id')) {
    const value = /_tokens$|_ms$|_usd$/.test(name) ? 7 : name === 'cache_hit' ? true : 'text';
    const event = { type: 'response', request_id: 'r', timestamp: 't', [name]: value } as CallEvent;
    assert.equal(JSON.parse(eventText(event))[name], value, name);
  }
});

test('a call of which nothing is known is written with its nulls', () => {
  const { events } = spansToEvents({ spans: [aSpan()] }, { tenantOfKey: null, dimensions, recent: null });
  for (const event of events) assertWrittenAsJson(event);
});
