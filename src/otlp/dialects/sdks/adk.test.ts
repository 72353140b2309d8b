import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

const COUNTS = {
  'gen_ai.response.prompt_token_count': 300,
  'gen_ai.response.candidates_token_count': 30,
  'gen_ai.response.cached_content_token_count': 100,
  'gen_ai.response.total_token_count': 380,
};

function usageOf(given: Readonly<Record<string, AttributeValue>>): readonly (number | string | null)[] {
  const attributes = {
    'gen_ai.system': 'gcp.vertex.agent',
    'gen_ai.request.model': 'gemini-2.5-flash',
    ...given,
  };
  const reader = new SpanReader(aSpan({ name: 'call_llm', scopeName: 'gcp.vertex.agent', attributes }));
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens } = readCall(reader, 'chat');
  return [classify(reader).role, promptTokens, completionTokens, cachedTokens, reasoningTokens];
}

test("a call of Google's ADK for Go counts, by the names of Gemini's API, thoughts beside the answer", () => {
  assert.deepEqual(usageOf(COUNTS), ['outer', 300, 80, 100, 50]);
});

test('its answer as JSON has the names of Go', () => {
  const answer = {
    UsageMetadata: { promptTokenCount: 300, candidatesTokenCount: 30, thoughtsTokenCount: 50, totalTokenCount: 380 },
  };
  assert.deepEqual(usageOf({ ...COUNTS, 'gcp.vertex.agent.llm_response': JSON.stringify(answer) }), [
    'outer',
    300,
    80,
    100,
    50,
  ]);
});

test('of a model behind LiteLLM it adds the reasoning to a completion that holds it, which is taken out again', () => {
  const counts = {
    'gen_ai.operation.name': 'generate_content',
    'gen_ai.provider.name': 'openai',
    'gen_ai.usage.input_tokens': 1200,
    'gen_ai.usage.output_tokens': 390,
    'gen_ai.usage.cache_read.input_tokens': 200,
    'gen_ai.usage.reasoning.output_tokens': 45,
  };
  const behind = (model: string) => usageOf({ ...counts, 'gen_ai.request.model': model });
  assert.deepEqual(behind('openai/gpt-4o-mini'), ['call', 1200, 345, 200, 45]);
  assert.deepEqual(behind('gemini/gemini-2.5-flash'), ['call', 1200, 345, 200, 45]);
  assert.deepEqual(behind('apigee/openai/v1/gpt-4o-mini'), ['call', 1200, 345, 200, 45]);
  // Gemini's API and ADK's own client of Claude count them apart.
  for (const model of [
    'gemini-2.5-flash',
    'apigee/gemini-2.5-flash',
    'claude-sonnet-4-5',
    'publishers/google/models/gemini-2.5-flash',
  ])
    assert.deepEqual(behind(model), ['call', 1200, 390, 200, 45], model);
});

test('its older versions wrote the completion of LiteLLM as it came, with the reasoning in it', () => {
  const given = { 'gen_ai.usage.input_tokens': 1200, 'gen_ai.usage.output_tokens': 345 };
  const older = { ...given, 'gen_ai.usage.experimental.reasoning_tokens': 45 };
  const [, , completion] = usageOf({ ...older, 'gen_ai.request.model': 'openai/o4-mini' });
  assert.equal(completion, 345);
});
