import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LlmRequest } from '../../../events/llm-request.ts';
import { PlainEvent } from '../../../events/plain-event.ts';
import { TextDictionary } from './text-dictionary.ts';

test('more texts than a dictionary has room for are each read right, whoever takes whose place', () => {
  const event = new PlainEvent(LlmRequest);
  const route = event.field('route');
  const texts = new TextDictionary();
  const names = Array.from({ length: 10_000 }, (_, i) => `${'r'.repeat(i % 90)}${i}`);
  for (const name of [...names, ...names]) {
    const json = { request_id: 'r', tenant_id: 't', route: name, model: 'm', timestamp: '2025-11-19T10:00:00Z' };
    assert.ok(event.read(Buffer.from(JSON.stringify(json))));
    assert.equal(texts.of(event, route), name);
  }
});

test('texts that have other characters than bytes are read right among others, in a dictionary that has no room', () => {
  const texts = new TextDictionary(4);
  const names = Array.from({ length: 100 }, (_, i) => `${['', 'u', 'ü', '\u{1F600}'][i % 4]}${i % 7}`);
  for (const name of [...names, ...names]) {
    const bytes = Buffer.from(`"${name}"`);
    assert.equal(texts.ofBytes(bytes, 1, bytes.length - 1), name);
  }
});
