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
  ['chargedUsd', 'gen_ai.usage.cost_in_usd_ticks', 232_856_000, 0.0232856],
  ['chargedUsd', 'gen_ai.usage.raw', '{"cost_in_usd_ticks":232856000}', 0.0232856],
  ['chargedUsd', 'response_data', '{"usage":{"cost_in_usd_ticks":232856000}}', 0.0232856],
  ['chargedUsd', 'output.value', '{"usage":{"cost_in_usd_ticks":232856000}}', 0.0232856],
  ['chargedUsd', 'ai.response.providerMetadata', '{"xai":{"costInUsdTicks":232856000}}', 0.0232856],
  ['geo', 'anthropic.usage.inference_geo', 'us', 'us'],
  ['geo', 'gen_ai.usage.inference_geo', 'us', 'us'],
  ['geo', 'ai.response.providerMetadata', '{"anthropic":{"usage":{"inference_geo":"us"}}}', 'us'],
  ['geo', 'gen_ai.usage.raw', '{"inference_geo":"us"}', 'us'],
  ['geo', 'response_data', '{"usage":{"inference_geo":"us"}}', 'us'],
  ['geo', 'genkit:output', '{"raw":{"usage":{"inference_geo":"us"}}}', 'us'],
  ['geo', 'mlflow.spanOutputs', '{"usage":{"inference_geo":"us"}}', 'us'],
  ['geo', 'output.value', '{"usage":{"inference_geo":"us"}}', 'us'],
  ['costAmount', 'gen_ai.usage.cost.amount', 0.5, 0.5],
  ['costCurrency', 'gen_ai.usage.cost.currency', 'USD', 'USD'],
  ['costSource', 'gen_ai.usage.cost.source', 'provider', 'provider'],
  [
    'ownKeyUsd',
    'ai.response.providerMetadata',
    '{"openrouter":{"usage":{"costDetails":{"upstreamInferenceCost":0.5}}}}',
    0.5,
  ],
  ['ownKeyUsd', 'gen_ai.usage.raw', '{"cost_details":{"upstream_inference_cost":0.5}}', 0.5],
  ['ownKeyUsd', 'response_data', '{"usage":{"cost_details":{"upstream_inference_cost":0.5}}}', 0.5],
  ['ownKeyUsd', 'output.value', '{"usage":{"cost_details":{"upstream_inference_cost":0.5}}}', 0.5],
  ['ownKeyUsd', 'genkit:output', '{"raw":{"usage":{"cost_details":{"upstream_inference_cost":0.5}}}}', 0.5],
  ['isOwnKey', 'ai.response.providerMetadata', '{"openrouter":{"usage":{"isByok":true}}}', true],
  ['isOwnKey', 'gen_ai.usage.raw', '{"is_byok":true}', true],
  ['isOwnKey', 'response_data', '{"usage":{"is_byok":false}}', false],
  ['isOwnKey', 'output.value', '{"usage":{"is_byok":true}}', true],
  ['isOwnKey', 'genkit:output', '{"raw":{"usage":{"is_byok":true}}}', true],
  ['requestModel', 'openclaw.model', 'gpt-4o', 'gpt-4o'],
  ['provider', 'openclaw.provider', 'openai', 'openai'],
  ['sessionId', 'openclaw.sessionId', 's1', 's1'],
  ['sessionId', 'langwatch.thread.id', 's1', 's1'],
  ['requestModel', 'tfy.model.name', 'gpt-4o', 'gpt-4o'],
  ['userId', 'tfy.request.created_by_subject', 'u1', 'u1'],
  ['sessionId', 'tfy.request.conversation_id', 's1', 's1'],
  ['firstTokenMs', 'tfy.model.metric.time_to_first_token_in_ms', 250, 250],
  ['reckonedUsd', 'tfy.model.metric.cost_in_usd', 0.5, 0.5],
  ['userId', 'archestra.user.id', 'u1', 'u1'],
  ['reckonedUsd', 'archestra.cost', 0.5, 0.5],
  ['firstTokenMs', 'copilot_chat.time_to_first_token', 250, 250],
  ['userId', 'langwatch.user.id', 'u1', 'u1'],
  ['cacheHit', 'promptfoo.cache_hit', true, true],
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
  ['firstTokenMs', 'mastra.completion_start_time', '2026-11-24T02:17:04.000500Z', 73],
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
  ['sessionId', 'copilot_chat.chat_session_id', 's', 's'],
  ['sessionId', 'copilot_chat.session_id', 's', 's'],
  ['sessionId', 'anthropic.session.id', 's', 's'],
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
  ['askedTier', 'langfuse.observation.model.parameters', '{"service_tier": "flex"}', 'flex'],
  ['askedTier', 'openai.request.service_tier', 'flex', 'flex'],
  ['askedTier', 'gen_ai.openai.request.service_tier', 'flex', 'flex'],
  ['askedTier', 'gen_ai.request.service_tier', 'flex', 'flex'],
  ['askedTier', 'anthropic.request.service_tier', 'flex', 'flex'],
  ['isBatch', 'gen_ai.request.batch', true, true],
  ['requestModel', 'mlflow.llm.model', '"gpt-4o"', 'gpt-4o'],
  ['requestModel', 'langsmith.metadata.ls_model_name', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'gen_ai.model.name', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'braintrust.metadata', '{"model":"gpt-4o"}', 'gpt-4o'],
  ['requestModel', 'model', 'claude-sonnet-4-5', 'claude-sonnet-4-5'],
  ['responseModel', 'genkit:output', '{"raw":{"modelVersion":"gemini-2.5-flash"}}', 'gemini-2.5-flash'],
  ['provider', 'mlflow.llm.provider', '"openai"', 'openai'],
  ['provider', 'langsmith.metadata.ls_provider', 'openai', 'openai'],
  ['provider', 'gen_ai.model.provider', 'openai', 'openai'],
  ['responseId', 'genkit:output', '{"raw":{"id":"r1"}}', 'r1'],
  ['finishReason', 'stop_reason', 'end_turn', 'end_turn'],
  ['finishReason', 'genkit:output', '{"finishReason":"stop"}', 'stop'],
  ['firstTokenMs', 'gen_ai.latency.time_to_first_token', 0.25, 250],
  ['firstTokenMs', 'lk.response.ttft', 0.25, 250],
  ['firstTokenMs', 'metrics.ttfb', 0.25, 250],
  ['firstTokenMs', 'ttft_ms', 250, 250],
  ['firstTokenMs', 'braintrust.metrics', '{"time_to_first_token":0.25}', 250],
  ['userId', 'metadata.user_api_key_end_user_id', 'u', 'u'],
  ['userId', 'gen_ai.user.id', 'u', 'u'],
  ['requestModel', 'llm.model_id', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'llm.model.name', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'ai.model', 'gpt-4o', 'gpt-4o'],
  ['provider', 'ai.provider', 'openai', 'openai'],
  ['requestModel', 'judgment.llm.model', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'au.llm.name', 'qwen_llm', 'qwen_llm'],
  ['provider', 'judgment.llm.provider', 'openai', 'openai'],
  ['firstTokenMs', 'au.llm.first_token.duration', 0.25, 250],
  ['reckonedUsd', 'llm.cost_usd', 0.5, 0.5],
  ['reckonedUsd', 'judgment.usage.total_cost_usd', 0.5, 0.5],
  ['sessionId', 'judgment.session_id', 's', 's'],
  ['requestModel', 'confident.llm.model', 'gpt-4o', 'gpt-4o'],
  ['provider', 'confident.span.provider', 'openai', 'openai'],
  ['userId', 'confident.trace.user_id', 'u', 'u'],
  ['userId', 'bifrost.user.id', 'u', 'u'],
  ['sessionId', 'confident.trace.thread_id', 's', 's'],
  ['requestModel', 'honeyhive_config.model', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'openai.request.model', 'gpt-4o', 'gpt-4o'],
  ['requestModel', 'anthropic.request.model', 'claude-sonnet-4-5', 'claude-sonnet-4-5'],
  ['requestModel', 'langchain.request.model', 'gpt-4o', 'gpt-4o'],
  ['responseModel', 'openai.response.model', 'gpt-4o', 'gpt-4o'],
  ['provider', 'openai.request.client', 'Deepseek', 'Deepseek'],
  ['responseId', 'openai.response.id', 'r', 'r'],
  ['provider', 'honeyhive_config.provider', 'openai', 'openai'],
  ['userId', 'honeyhive_user_properties.user_id', 'u', 'u'],
  ['sessionId', 'honeyhive.session_id', 's', 's'],
  ['reckonedUsd', 'honeyhive_metadata.cost', 0.5, 0.5],
  ['sessionId', 'scope.agentic.session', 's', 's'],
  ['sessionId', 'gen_ai.session.id', 's', 's'],
  ['sessionId', 'gcp.vertex.agent.session_id', 's', 's'],
  ['errorMessage', 'genkit:error', 'slow down', 'slow down'],
  ['errorMessage', 'error', 'slow down', 'slow down'],
  ['httpStatus', 'http.status_code', 429, 429],
  ['httpStatus', 'status_code', '429', 429],
  ['speed', 'anthropic.usage.speed', 'fast', 'fast'],
  ['speed', 'ai.response.providerMetadata', '{"anthropic":{"usage":{"speed":"fast"}}}', 'fast'],
  ['speed', 'gen_ai.usage.raw', '{"speed":"fast"}', 'fast'],
  ['speed', 'response_data', '{"usage":{"speed":"fast"}}', 'fast'],
  ['speed', 'genkit:output', '{"raw":{"usage":{"speed":"fast"}}}', 'fast'],
  ['speed', 'output.value', '{"usage":{"speed":"fast"}}', 'fast'],
  ['serviceTier', 'llm.response.service_tier', 'flex', 'flex'],
  ['serviceTier', 'anthropic.usage.service_tier', 'batch', 'batch'],
  ['serviceTier', 'aws.bedrock.response.service_tier', 'flex', 'flex'],
  ['serviceTier', 'gen_ai.usage.service_tier', 'flex', 'flex'],
  ['serviceTier', 'gen_ai.usage.raw', '{"service_tier":"flex"}', 'flex'],
  ['serviceTier', 'response_data', '{"service_tier":"flex"}', 'flex'],
  ['serviceTier', 'genkit:output', '{"raw":{"service_tier":"flex"}}', 'flex'],
  ['serviceTier', 'langsmith.metadata.usage_metadata', '{"service_tier":"flex"}', 'flex'],
  ['serviceTier', 'langfuse.observation.metadata', '{"service_tier":"flex"}', 'flex'],
  ['serviceTier', 'langfuse.observation.metadata.service_tier', '"flex"', 'flex'],
  ['serviceTier', 'output.value', '{"service_tier":"flex"}', 'flex'],
  ['askedTier', 'aws.bedrock.request.service_tier', 'flex', 'flex'],
  ['askedTier', 'llm.invocation_parameters', '{"service_tier":"flex"}', 'flex'],
  ['askedTier', 'request_data', '{"service_tier":"flex"}', 'flex'],
  ['askedTier', 'speed', 'fast', 'fast'],
  ['isBatch', 'gen_ai.request.is_batch', true, true],
  ['isBatch', 'llm.request.batch', 'True', true],
  ['chargedUsd', 'ai.response.providerMetadata', '{"openrouter":{"usage":{"cost":0.5}}}', 0.5],
  ['chargedUsd', 'ai.response.providerMetadata', '{"gateway":{"cost":"0.5"}}', 0.5],
  ['requestModel', 'mlflow.spanInputs', '{"model":"gpt-4o"}', 'gpt-4o'],
  ['requestModel', 'llm.model', 'gpt-4o', 'gpt-4o'],
  ['responseModel', 'mlflow.spanOutputs', '{"model":"gpt-4o-1"}', 'gpt-4o-1'],
  ['responseId', 'mlflow.spanOutputs', '{"id":"r1"}', 'r1'],
  ['finishReason', 'mlflow.spanOutputs', '{"choices":[{"finish_reason":"stop"}]}', 'stop'],
  ['finishReason', 'gen_ai.response.finish_reasons', "['stop']", 'stop'],
  ['userId', 'mlflow.trace.user', '"u"', 'u'],
  ['sessionId', 'mlflow.trace.session', 's', 's'],
  ['chargedUsd', 'openrouter.usage.cost', 0.5, 0.5],
  ['chargedUsd', 'github.copilot.nano_aiu', 750_000_000, 0.0075],
  ['chargedUsd', 'copilot_chat.copilot_usage_nano_aiu', 750_000_000, 0.0075],
  ['reckonedUsd', 'agw.ai.usage.cost.total', '0.0123', 0.0123],
  ['firstTokenMs', 'agw.ai.time_to_first_token', 0.25, 250],
  ['chargedUsd', 'usage.cost', '0.5', 0.5],
  ['chargedUsd', 'gen_ai.openrouter.cost', 0.5, 0.5],
  ['chargedUsd', 'gen_ai.usage.raw', '{"cost":0.5}', 0.5],
  ['chargedUsd', 'response_data', '{"usage":{"cost":0.5}}', 0.5],
  ['chargedUsd', 'output.value', '{"usage":{"cost":{"total_cost":0.5}}}', 0.5],
  ['chargedUsd', 'genkit:output', '{"raw":{"usage":{"cost":0.5}}}', 0.5],
  ['reckonedUsd', 'gen_ai.usage.cost', 0.5, 0.5],
  ['reckonedUsd', 'gen_ai.usage.total_cost', 0.5, 0.5],
  ['reckonedUsd', 'gen_ai.usage.cost_usd', 0.5, 0.5],
  ['reckonedUsd', 'gen_ai.cost.usd', 0.5, 0.5],
  ['reckonedUsd', 'llm.cost.total', 0.5, 0.5],
  ['reckonedUsd', 'llm.usage.total_cost', 0.5, 0.5],
  ['reckonedUsd', 'gen_ai.cost.total_cost', 0.5, 0.5],
  ['reckonedUsd', 'litellm.cost.total', 0.5, 0.5],
  ['reckonedUsd', 'operation.cost', 0.5, 0.5],
  ['reckonedUsd', 'langfuse.observation.cost_details', '{"total":0.5}', 0.5],
  ['reckonedUsd', 'mlflow.llm.cost', '{"total_cost":0.5}', 0.5],
  ['reckonedUsd', 'braintrust.metrics', '{"estimated_cost":0.5}', 0.5],
  ['reckonedUsd', 'cost_usd', '0.5', 0.5],
  ['reckonedInputUsd', 'gen_ai.usage.input_cost', 0.5, 0.5],
  ['reckonedOutputUsd', 'gen_ai.usage.output_cost', 0.5, 0.5],
  ['firstTokenMs', 'trace.metadata.openrouter.first_token_ms', 250, 250],
];

for (const [field, key, sent, read] of CELLS) {
  test(`${field} is read from ${key} ${JSON.stringify(sent)}`, () => {
    const span = aSpan({ attributes: { [key]: sent }, startMs: Date.UTC(2026, 10, 24, 2, 17, 3, 927) + 0.5 });
    assert.equal(new SpanReader(span).find(field)?.value, read);
  });
}

/** Names that say nothing outside of one scope. */
const GOOSE_CELLS: readonly Cell[] = [
  ['provider', 'provider', 'openai', 'openai'],
  ['firstTokenMs', 'completion_start_time', '2026-11-24T02:17:04.000Z', 72.5],
];

for (const [field, key, sent, read] of GOOSE_CELLS) {
  test(`${field} is read from ${key} of Goose alone`, () => {
    const given = { attributes: { [key]: sent }, startMs: Date.UTC(2026, 10, 24, 2, 17, 3, 927) + 0.5 };
    assert.equal(new SpanReader(aSpan({ ...given, scopeName: 'goose' })).find(field)?.value, read);
    assert.equal(new SpanReader(aSpan(given)).find(field), null);
  });
}

/** Fields that come from an event of the span, with its attribute. */
const EVENT_CELLS: readonly Cell[] = [
  ['firstTokenMs', 'gen_ai.content.completion.chunk', null, 80],
  ['firstTokenMs', 'First Token Stream Event', null, 80],
  ['firstTokenMs', 'ai.stream.firstChunk', null, 80],
  ['finishReason', 'gen_ai.choice/finish_reason', 'stop', 'stop'],
  ['finishReason', 'metadata/finish_reason', 'stop', 'stop'],
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

test('every cell of the table has its test', () => {
  const tested = new Set([...CELLS, ...GOOSE_CELLS, ...EVENT_CELLS].map(([field, key]) => `${field} ${key}`));
  const sources = Object.entries(MAPPING) as readonly (readonly [string, readonly Source[]])[];
  const missing = sources
    .flatMap(([field, cells]) => cells.map(({ key }) => `${field} ${key}`))
    .filter((cell) => !tested.has(cell));
  assert.deepEqual(missing, []);
});

test("OpenLIT's time to first token is not believed", () => {
  const attributes = { 'gen_ai.server.time_to_first_token': 0.0003 };
  const span = aSpan({ attributes, scopeName: 'openlit.instrumentation.openai' });
  assert.equal(new SpanReader(span).number('firstTokenMs'), null);
});

test('a call of Copilot in VS Code is of its chat, not of the turn that its span calls a conversation', () => {
  const ids = { 'gen_ai.conversation.id': 'turn', 'copilot_chat.session_id': 's', 'copilot_chat.chat_session_id': 'c' };
  assert.equal(new SpanReader(aSpan({ attributes: ids, scopeName: 'copilot-chat' })).text('sessionId'), 'c');
});
