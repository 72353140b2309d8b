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
