import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan } from '../otlp-builders.contract.ts';
import { readCacheHit } from './cache-hit.ts';
import { SpanReader } from './span-reader.ts';

test('an answer that promptfoo or LiteLLM had in its own cache is known, and nothing else is one', () => {
  const isHit = (attributes: Readonly<Record<string, boolean>>) => readCacheHit(new SpanReader(aSpan({ attributes })));
  assert.equal(isHit({ 'promptfoo.cache_hit': true }), true);
  assert.equal(isHit({ 'litellm.cache_hit': true }), true);
  assert.equal(isHit({ 'promptfoo.cache_hit': false }), null);
  assert.equal(isHit({}), null);
});
