import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inclusivePromptTokens, isCacheOutsidePrompt } from './token-counts.ts';

const report = { promptTokens: 1294, cachedTokens: 1024, cacheWriteTokens: 256, isCacheOutside: false };

test('a prompt that includes its cache stays as it is', () => {
  assert.equal(inclusivePromptTokens(report), 1294);
});

test('a cache larger than its prompt lies outside for certain, and is added', () => {
  assert.equal(inclusivePromptTokens({ ...report, promptTokens: 14 }), 1294);
});

test('a cache smaller than the prompt is added only for emitters that leave it out', () => {
  const small = { promptTokens: 500, cachedTokens: 100, cacheWriteTokens: null };
  assert.equal(inclusivePromptTokens({ ...small, isCacheOutside: true }), 600);
  assert.equal(inclusivePromptTokens({ ...small, isCacheOutside: false }), 500);
});

test('an unknown prompt stays unknown', () => {
  assert.equal(inclusivePromptTokens({ ...report, promptTokens: null }), null);
});

test('the emitters that leave the cache out are known by scope, provider and version', () => {
  const emitter = { scopeName: 'ai', provider: 'anthropic', hasInputTokenDetails: false };
  assert.equal(isCacheOutsidePrompt(emitter), true);
  assert.equal(isCacheOutsidePrompt({ ...emitter, hasInputTokenDetails: true }), false);
  assert.equal(isCacheOutsidePrompt({ ...emitter, provider: 'openai' }), false);
  for (const scopeName of ['openlit.instrumentation.anthropic', '@traceloop/instrumentation-anthropic']) {
    assert.equal(isCacheOutsidePrompt({ ...emitter, scopeName }), true);
  }
  assert.equal(isCacheOutsidePrompt({ ...emitter, scopeName: 'opentelemetry.instrumentation.anthropic' }), false);
});
