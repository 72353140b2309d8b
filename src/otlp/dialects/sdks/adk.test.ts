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
