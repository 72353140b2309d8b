import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

function read(attributes: Readonly<Record<string, AttributeValue>>, statusCode = 0): readonly unknown[] {
  const reader = new SpanReader(aSpan({ name: 'createChatCompletion', attributes, statusCode }));
  const { provider, requestModel, responseModel, promptTokens, completionTokens, failure } = readCall(reader, 'chat');
  return [classify(reader).role, provider, requestModel, responseModel, promptTokens, completionTokens, failure?.kind];
}

test("calls of Datadog's tracers are read by their own names", () => {
  const chat = {
    'openai.request.client': 'AzureOpenAI',
    'openai.request.model': 'gpt-4o-mini',
    'openai.response.model': 'gpt-4o-mini-2024-07-18',
    'openai.response.usage.prompt_tokens': 1200,
    'openai.response.usage.completion_tokens': 345,
    'openai.response.usage.total_tokens': 1545,
  };
  const azure = ['outer', 'azure.ai.openai', 'gpt-4o-mini', 'gpt-4o-mini-2024-07-18', 1200, 345, undefined];
  assert.deepEqual(read(chat), azure);
  const messages = {
    'anthropic.request.model': 'claude-sonnet-4-5',
    'anthropic.response.usage.input_tokens': 1000,
    'anthropic.response.usage.output_tokens': 345,
  };
  assert.deepEqual(read(messages), ['outer', null, 'claude-sonnet-4-5', null, 1000, 345, undefined]);
  const langchain = {
    'langchain.request.model': 'gpt-4o-mini',
    'langchain.tokens.prompt_tokens': 1200,
    'langchain.tokens.completion_tokens': 345,
  };
  assert.deepEqual(read(langchain), ['outer', null, 'gpt-4o-mini', null, 1200, 345, undefined]);
});

test('one that failed is a call without usage', () => {
  const failed = { 'openai.request.model': 'gpt-4o-mini', 'error.type': 'openai.RateLimitError' };
  assert.deepEqual(read(failed, 2), ['outer', null, 'gpt-4o-mini', null, null, null, 'rate_limit']);
});
