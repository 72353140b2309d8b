import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { SpanReader } from '../span-reader.ts';
import { isLitellmCacheHit } from './litellm.ts';

function isHit(attributes: Readonly<Record<string, AttributeValue>>): boolean | null {
  return isLitellmCacheHit(new SpanReader(aSpan({ attributes })));
}

test("an answer from LiteLLM's own cache is told by its flag, before by the key that it was found under", () => {
  assert.equal(isHit({ 'litellm.cache_hit': true }), true);
  assert.equal(isHit({ hidden_params: '{"cache_key": "abc"}' }), true);
  assert.equal(isHit({ hidden_params: '{"cache_key": null}' }), null);
  assert.equal(isHit({ 'litellm.cache_hit': false, hidden_params: '{"cache_key": "abc"}' }), null);
  assert.equal(isHit({}), null);
});
