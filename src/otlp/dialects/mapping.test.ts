import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttributeList } from '../decode/attribute-list.ts';
import type { AttributeValue } from '../decode/trace-export.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { type Field, MAPPING } from './mapping.ts';
import type { Source } from './source.ts';
import { SpanReader } from './span-reader.ts';

/** One cell: a span that has nothing but this gives this value for the field. */
type Cell = readonly [field: Field, key: string, sent: AttributeValue, read: string | number | boolean];

/** The cells as the conventions, the emitters and the captures have them, written apart from the table. */
const CELLS: readonly Cell[] = [
  ['requestModel', 'gen_ai.request.model', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'llm.request.model_name', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'ai.model.id', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'llm.invocation_parameters', '{"model": "gpt-4o", "stream": true}', 'gpt-4o'],
  ['requestModel', 'embedding.invocation_parameters', '{"model": "e-3"}', 'e-3'],
  ['requestModel', 'input.value', '{"model":"gpt-4o","messages":[]}', 'gpt-4o'],
  ['requestModel', 'request_data', '{"model":"gpt-4o"}', 'gpt-4o'],
  ['requestModel', 'aisdk.model.id', 'gpt-4o', 'gpt-4o'],
  ['responseModel', 'gen_ai.response.model', 'gpt-4o-1', 'gpt-4o-1'],
  ['responseModel', 'llm.response.model_name', 'gpt-4o-1', 'gpt-4o-1'],
  ['responseModel', 'ai.response.model', 'gpt-4o-1', 'gpt-4o-1'],
  ['responseModel', 'llm.model_name', 'gpt-4o-1', 'gpt-4o-1'],
  ['responseModel', 'embedding.model_name', 'e-3', 'e-3'],
  ['responseModel', 'langfuse.observation.model.name', 'gpt-4o-1', 'gpt-4o-1'],
  ['responseModel', 'llm.response.model', 'gpt-4o-1', 'gpt-4o-1'],
  ['provider', 'gen_ai.provider.name', 'openai', 'openai'],
  ['provider', 'gen_ai.system', 'OpenAI', 'OpenAI'],
  ['provider', 'llm.provider', 'openai', 'openai'],
  ['provider', 'llm.system', 'openai', 'openai'],
  ['provider', 'ai.model.provider', 'openai.chat', 'openai.chat'],
  ['provider', 'aisdk.model.provider', 'openai', 'openai'],
  ['responseId', 'gen_ai.response.id', 'r1', 'r1'],
  ['responseId', 'ai.response.id', 'r1', 'r1'],
  ['responseId', 'output.value', '{"id":"r1"}', 'r1'],
  ['promptTokens', 'gen_ai.usage.input_tokens', 23, 23],
  ['promptTokens', 'gen_ai.usage.prompt_tokens', '23', 23],
  ['promptTokens', 'llm.usage.prompt_tokens', 23, 23],
  ['promptTokens', 'llm.token_count.prompt', 23, 23],
  ['promptTokens', 'ai.usage.inputTokens', 23, 23],
  ['promptTokens', 'ai.usage.promptTokens', 23, 23],
  ['promptTokens', 'ai.usage.tokens', 23, 23],
  ['promptTokens', 'langfuse.observation.usage_details', '{"prompt_tokens": 23}', 23],
  ['promptTokens', 'langfuse.observation.usage_details', '{"input_tokens": 23}', 23],
  ['promptTokens', 'langfuse.observation.usage_details', '{"input": 23, "output": 11}', 23],
  ['completionTokens', 'gen_ai.usage.output_tokens', 11, 11],
  ['completionTokens', 'gen_ai.usage.completion_tokens', 11, 11],
  ['completionTokens', 'llm.usage.completion_tokens', 11, 11],
  ['completionTokens', 'llm.token_count.completion', 11, 11],
  ['completionTokens', 'ai.usage.outputTokens', 11, 11],
  ['completionTokens', 'ai.usage.completionTokens', 11, 11],
  ['completionTokens', 'langfuse.observation.usage_details', '{"completion_tokens": 11}', 11],
  ['completionTokens', 'langfuse.observation.usage_details', '{"output_tokens": 11}', 11],
  ['completionTokens', 'langfuse.observation.usage_details', '{"output": 11}', 11],
  ['cachedTokens', 'gen_ai.usage.cache_read.input_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.cache_read_input_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.details.cache_read_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.details.cache_read_input_tokens', 7, 7],
  ['cachedTokens', 'llm.token_count.prompt_details.cache_read', 7, 7],
  ['cachedTokens', 'llm.token_count.prompt_details.cache_input', 7, 7],
  ['cachedTokens', 'ai.usage.cachedInputTokens', 7, 7],
  ['cachedTokens', 'ai.usage.inputTokenDetails.cacheReadTokens', 7, 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"prompt_tokens_details": {"cached_tokens": 7}}', 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"input_tokens_details": {"cached_tokens": 7}}', 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"input_cached_tokens": 7}', 7],
  ['cachedTokens', 'langfuse.observation.usage_details', '{"cache_read_input_tokens": 7}', 7],
  ['cachedTokens', 'gen_ai.usage.raw', '{"prompt_tokens_details":{"cached_tokens":7}}', 7],
  ['cachedTokens', 'gen_ai.usage.raw', '{"input_tokens_details":{"cached_tokens":7}}', 7],
  ['cachedTokens', 'gen_ai.usage.raw', '{"cache_read_input_tokens":7}', 7],
  ['cachedTokens', 'gen_ai.usage.cache_read_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.input_cached_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 7, 7],
  ['cachedTokens', 'gen_ai.usage.input_tokens.cached', 7, 7],
  ['cacheWriteTokens', 'gen_ai.usage.cache_creation.input_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.cache_write.input_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.cache_creation_input_tokens', 5, 5],
  ['cacheWriteTokens', 'llm.token_count.prompt_details.cache_write', 5, 5],
  ['cacheWriteTokens', 'ai.usage.inputTokenDetails.cacheWriteTokens', 5, 5],
  ['cacheWriteTokens', 'ai.response.providerMetadata', '{"anthropic":{"cacheCreationInputTokens":5}}', 5],
  ['cacheWriteTokens', 'ai.response.providerMetadata', '{"anthropic":{"usage":{"cache_creation_input_tokens":5}}}', 5],
  ['cacheWriteTokens', 'gen_ai.usage.details.cache_write_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.details.cache_creation_input_tokens', 5, 5],
  ['cacheWriteTokens', 'langfuse.observation.usage_details', '{"cache_creation_input_tokens": 5}', 5],
  ['cacheWriteTokens', 'gen_ai.usage.raw', '{"cache_creation_input_tokens":5}', 5],
  ['cacheWriteTokens', 'gen_ai.usage.cache_write_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.prompt_tokens_details.cache_creation_tokens', 5, 5],
  ['cacheWriteTokens', 'gen_ai.usage.input_tokens.cache_write', 5, 5],
  ['cacheWrite1hTokens', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 3, 3],
  ['cacheWrite1hTokens', 'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h', 3, 3],
  [
    'cacheWrite1hTokens',
    'ai.response.providerMetadata',
    '{"anthropic":{"usage":{"cache_creation":{"ephemeral_1h_input_tokens":3}}}}',
    3,
  ],
  ['reasoningTokens', 'gen_ai.usage.reasoning.output_tokens', 9, 9],
  ['reasoningTokens', 'gen_ai.usage.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'gen_ai.usage.details.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'llm.usage.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'llm.token_count.completion_details.reasoning', 9, 9],
  ['reasoningTokens', 'ai.usage.reasoningTokens', 9, 9],
  ['reasoningTokens', 'ai.usage.outputTokenDetails.reasoningTokens', 9, 9],
  [
    'reasoningTokens',
    'langfuse.observation.usage_details',
    '{"completion_tokens_details": {"reasoning_tokens": 9}}',
    9,
  ],
  ['reasoningTokens', 'langfuse.observation.usage_details', '{"output_tokens_details": {"reasoning_tokens": 9}}', 9],
  ['reasoningTokens', 'langfuse.observation.usage_details', '{"output_reasoning_tokens": 9}', 9],
  ['reasoningTokens', 'gen_ai.usage.raw', '{"completion_tokens_details":{"reasoning_tokens":9}}', 9],
  ['reasoningTokens', 'gen_ai.usage.raw', '{"output_tokens_details":{"reasoning_tokens":9}}', 9],
  ['reasoningTokens', 'gen_ai.usage.completion_tokens_details.reasoning_tokens', 9, 9],
  ['reasoningTokens', 'gen_ai.usage.output_tokens.reasoning', 9, 9],
  ['audioPromptTokens', 'gen_ai.usage.audio.input_tokens', 2, 2],
  ['audioPromptTokens', 'llm.token_count.prompt_details.audio', 2, 2],
  ['audioPromptTokens', 'gen_ai.usage.audio_input_tokens', 2, 2],
  ['audioCompletionTokens', 'gen_ai.usage.audio.output_tokens', 2, 2],
  ['audioCompletionTokens', 'llm.token_count.completion_details.audio', 2, 2],
  ['audioCompletionTokens', 'gen_ai.usage.audio_output_tokens', 2, 2],
  ['audioCompletionTokens', 'gen_ai.usage.completion_tokens_details.audio_tokens', 2, 2],
  ['finishReason', 'gen_ai.response.finish_reasons', ['stop', 'length'], 'stop'],
  ['finishReason', 'gen_ai.response.finish_reasons', '["stop"]', 'stop'],
  ['finishReason', 'gen_ai.response.finish_reason', 'stop', 'stop'],
  ['finishReason', 'gen_ai.response.stop_reason', 'end_turn', 'end_turn'],
  ['finishReason', 'llm.finish_reason', 'stop', 'stop'],
  ['finishReason', 'ai.response.finishReason', 'tool-calls', 'tool-calls'],
  ['finishReason', 'gen_ai.completion.0.finish_reason', 'stop', 'stop'],
  ['finishReason', 'llm.response.finish_reason', 'stop', 'stop'],
  ['finishReason', 'llm.response.stop_reason', 'stop', 'stop'],
  ['finishReason', 'gen_ai.output.messages', '[{"role":"assistant","finish_reason":"stop"}]', 'stop'],
  ['finishReason', 'anthropic.message.stop_reason', 'end_turn', 'end_turn'],
  ['finishReason', 'langfuse.observation.metadata.finish_reason', '"stop"', 'stop'],
  ['finishReason', 'gen_ai.finishReason', 'stop', 'stop'],
  ['stream', 'gen_ai.request.stream', true, true],
  ['stream', 'gen_ai.is_streaming', false, false],
  ['stream', 'llm.is_streaming', 'True', true],
  ['stream', 'llm.is_streaming', 'False', false],
  ['stream', 'ai.operationId', 'ai.streamText.doStream', true],
  ['stream', 'llm.invocation_parameters', '{"stream": true}', true],
  ['stream', 'gen_ai.request.is_stream', true, true],
  ['stream', 'request_data', '{"stream":true}', true],
  ['firstTokenMs', 'gen_ai.response.time_to_first_chunk', 0.25, 250],
  ['firstTokenMs', 'gen_ai.client.operation.time_to_first_chunk', 0.25, 250],
  ['firstTokenMs', 'ai.response.msToFirstChunk', 250, 250],
  ['firstTokenMs', 'langfuse.observation.completion_start_time', '"2026-11-24T02:17:04.000500Z"', 73],
  ['firstTokenMs', 'gen_ai.server.time_to_first_token', 0.25, 250],
  ['firstTokenMs', 'gen_ai.server.ttft', 0.25, 250],
  ['userId', 'gen_ai.user', 'u', 'u'],
  ['userId', 'user.id', 'u', 'u'],
  ['userId', 'gen_ai.request.user', 'u', 'u'],
  ['userId', 'llm.user', 'u', 'u'],
  ['userId', 'traceloop.association.properties.user_id', 'u', 'u'],
  ['userId', 'ai.telemetry.metadata.userId', 42, '42'],
  ['userId', 'ai.settings.context.userId', 'u', 'u'],
  ['userId', 'ai.settings.runtimeContext.userId', 'u', 'u'],
  ['userId', 'metadata.user_api_key_user_id', 'u', 'u'],
  ['userId', 'enduser.id', 'u', 'u'],
  ['userId', 'langfuse.user.id', 'u', 'u'],
  ['userId', 'lmnr.association.properties.user_id', 'u', 'u'],
  ['sessionId', 'gen_ai.conversation.id', 's', 's'],
  ['sessionId', 'session.id', 's', 's'],
  ['sessionId', 'traceloop.association.properties.session_id', 's', 's'],
  ['sessionId', 'traceloop.association.properties.thread_id', 's', 's'],
  ['sessionId', 'ai.telemetry.metadata.sessionId', 's', 's'],
  ['sessionId', 'ai.settings.context.sessionId', 's', 's'],
  ['sessionId', 'ai.settings.runtimeContext.sessionId', 's', 's'],
  ['sessionId', 'langfuse.session.id', 's', 's'],
  ['sessionId', 'langsmith.trace.session_id', 's', 's'],
  ['sessionId', 'lmnr.association.properties.session_id', 's', 's'],
  ['errorType', 'error.type', 'RateLimitError', 'RateLimitError'],
  ['errorMessage', 'error.message', 'slow down', 'slow down'],
  ['errorMessage', 'langfuse.observation.status_message', 'slow down', 'slow down'],
  ['httpStatus', 'http.response.status_code', 429, 429],
  ['httpStatus', 'error.code', '429', 429],
  ['serviceTier', 'openai.response.service_tier', 'flex', 'flex'],
  ['serviceTier', 'gen_ai.openai.response.service_tier', 'flex', 'flex'],
  ['serviceTier', 'anthropic.response.service_tier', 'standard', 'standard'],
  ['serviceTier', 'gen_ai.response.service_tier', 'flex', 'flex'],
  ['serviceTier', 'ai.response.providerMetadata', '{"openai":{"serviceTier":"flex"}}', 'flex'],
  ['serviceTier', 'ai.response.providerMetadata', '{"anthropic":{"usage":{"service_tier":"flex"}}}', 'flex'],
  ['serviceTier', 'langfuse.observation.model.parameters', '{"service_tier": "flex"}', 'flex'],
  ['serviceTier', 'openai.request.service_tier', 'flex', 'flex'],
  ['serviceTier', 'gen_ai.openai.request.service_tier', 'flex', 'flex'],
  ['serviceTier', 'gen_ai.request.service_tier', 'flex', 'flex'],
  ['serviceTier', 'anthropic.request.service_tier', 'flex', 'flex'],
  ['isBatch', 'gen_ai.request.batch', true, true],
];

for (const [field, key, sent, read] of CELLS) {
  test(`${field} is read from ${key} ${JSON.stringify(sent)}`, () => {
    const span = aSpan({ attributes: { [key]: sent }, startMs: Date.UTC(2026, 10, 24, 2, 17, 3, 927) + 0.5 });
    assert.equal(new SpanReader(span).find(field)?.value, read);
  });
}

/** Fields that come from an event of the span, with its attribute. */
const EVENT_CELLS: readonly Cell[] = [
  ['firstTokenMs', 'gen_ai.content.completion.chunk', null, 80],
  ['firstTokenMs', 'First Token Stream Event', null, 80],
  ['firstTokenMs', 'ai.stream.firstChunk', null, 80],
  ['finishReason', 'gen_ai.choice/finish_reason', 'stop', 'stop'],
  ['errorType', 'exception/exception.type', 'RateLimitError', 'RateLimitError'],
  ['errorMessage', 'exception/exception.message', 'slow down', 'slow down'],
];

for (const [field, key, sent, read] of EVENT_CELLS) {
  test(`${field} is read from the first event ${key}`, () => {
    const [name = '', attribute = ''] = key.split('/');
    const { startMs } = aSpan();
    const event = (afterMs: number) => ({
      name,
      atMs: startMs + afterMs,
      attributes: AttributeList.of([[attribute, sent]]),
    });
    const span = aSpan({ attributes: {}, events: [event(80), event(90)] });
    assert.equal(new SpanReader(span).find(field)?.value, read);
  });
}

test('parts of the cached tokens by modality are added up', () => {
  const attributes = {
    'gen_ai.usage.text.cache_read.input_tokens': 3,
    'gen_ai.usage.audio.cache_read.input_tokens': 4,
  };
  assert.equal(new SpanReader(aSpan({ attributes })).number('cachedTokens'), 7);
});

test('every cell of the table has its test', () => {
  const tested = new Set([...CELLS, ...EVENT_CELLS].map(([field, key]) => `${field} ${key}`));
  const sources = Object.entries(MAPPING) as readonly (readonly [string, readonly Source[]])[];
  const missing = sources
    .flatMap(([field, cells]) => cells.filter(({ read }) => read !== 'parts').map(({ key }) => `${field} ${key}`))
    .filter((cell) => !tested.has(cell));
  assert.deepEqual(missing, []);
});

test('of two names the current one wins over the old one, unless it is no value', () => {
  const attributes = { 'gen_ai.usage.input_tokens': 23, 'gen_ai.usage.prompt_tokens': 24 };
  assert.equal(new SpanReader(aSpan({ attributes })).number('promptTokens'), 23);
  const broken = { ...attributes, 'gen_ai.usage.input_tokens': Number.NaN };
  assert.equal(new SpanReader(aSpan({ attributes: broken })).number('promptTokens'), 24);
});

test("OpenLIT's time to first token is not believed", () => {
  const attributes = { 'gen_ai.server.time_to_first_token': 0.0003 };
  const span = aSpan({ attributes, scopeName: 'openlit.instrumentation.openai' });
  assert.equal(new SpanReader(span).number('firstTokenMs'), null);
});
