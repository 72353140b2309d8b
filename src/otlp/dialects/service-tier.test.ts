import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan } from '../otlp-builders.contract.ts';
import { readServiceTier } from './service-tier.ts';
import { SpanReader } from './span-reader.ts';

test("Claude's fast mode comes before the tier that served, for it has prices of its own", () => {
  const tierOf = (usage: object) =>
    readServiceTier(new SpanReader(aSpan({ attributes: { 'gen_ai.usage.raw': JSON.stringify(usage) } })));
  assert.equal(tierOf({ service_tier: 'standard', speed: 'fast' }), 'fast');
  assert.equal(tierOf({ service_tier: 'standard', speed: 'standard' }), 'standard');
  assert.equal(tierOf({ service_tier: 'standard', speed: null }), 'standard');
});

test('an answer that Claude gave in the US is of a tier of its own', () => {
  const tierOf = (usage: object) =>
    readServiceTier(new SpanReader(aSpan({ attributes: { 'output.value': JSON.stringify({ usage }) } })));
  assert.equal(tierOf({ service_tier: 'standard', inference_geo: 'us' }), 'us');
  assert.equal(tierOf({ service_tier: 'standard', speed: 'fast', inference_geo: 'us' }), 'us_fast');
  assert.equal(tierOf({ service_tier: 'standard', inference_geo: 'global' }), 'standard');
});
