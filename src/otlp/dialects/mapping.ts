import type { DialectName, Reading, Source } from './source.ts';

/**
 * Where each fact about a call is found: for each field the sources in order of trust. The first one that is
 * present and valid wins. Read from the conventions, from the emitters' own sources, and from captured payloads;
 * where they disagreed, the payload was right. A name before and after its renaming stand side by side, because
 * nobody knows when a sender upgrades.
 */
export const MAPPING = {
  requestModel: [
    from('otel', 'gen_ai.request.model', 'text'),
    from('openinference', 'llm.request.model_name', 'text'),
    from('ai-sdk', 'ai.model.id', 'text'),
    json('openinference', 'llm.invocation_parameters', 'text', 'model'),
    json('openinference', 'embedding.invocation_parameters', 'text', 'model'),
    json('openinference', 'input.value', 'text', 'model'),
    json('logfire', 'request_data', 'text', 'model'),
    from('ai-sdk', 'aisdk.model.id', 'text'),
    from('mlflow', 'mlflow.llm.model', 'quoted'),
    json('mlflow', 'mlflow.spanInputs', 'text', 'model', 'model_name'),
    from('langsmith', 'langsmith.metadata.ls_model_name', 'text'),
    from('otel', 'gen_ai.model.name', 'text'),
    json('braintrust', 'braintrust.metadata', 'text', 'model'),
    from('openllmetry', 'llm.model', 'text'),
    from('hand-made', 'llm.model_id', 'text'),
    from('hand-made', 'ai.model', 'text'),
    from('hand-made', 'llm.model.name', 'text'),
    from('judgment', 'judgment.llm.model', 'text'),
    from('agentuniverse', 'au.llm.name', 'text'),
    from('claude-code', 'model', 'text'),
    from('openclaw', 'openclaw.model', 'text'),
    from('truefoundry', 'tfy.model.name', 'text'),
  ],
  responseModel: [
    from('otel', 'gen_ai.response.model', 'text'),
    from('openinference', 'llm.response.model_name', 'text'),
    from('ai-sdk', 'ai.response.model', 'text'),
    from('openinference', 'llm.model_name', 'text'),
    from('openinference', 'embedding.model_name', 'text'),
    from('langfuse', 'langfuse.observation.model.name', 'text'),
    from('openllmetry', 'llm.response.model', 'text'),
    json('genkit', 'genkit:output', 'text', 'raw.model', 'raw.modelVersion'),
    json('mlflow', 'mlflow.spanOutputs', 'text', 'model', 'model_version'),
  ],
  provider: [
    // LangSmith guesses `gen_ai.system` from the model's name; here LangChain itself says whom it called.
    from('langsmith', 'langsmith.metadata.ls_provider', 'text'),
    from('otel', 'gen_ai.provider.name', 'text'),
    from('otel', 'gen_ai.system', 'text'),
    from('openinference', 'llm.provider', 'text'),
    from('openinference', 'llm.system', 'text'),
    from('ai-sdk', 'ai.model.provider', 'text'),
    from('ai-sdk', 'aisdk.model.provider', 'text'),
    from('mlflow', 'mlflow.llm.provider', 'quoted'),
    from('cloudflare', 'gen_ai.model.provider', 'text'),
    from('openclaw', 'openclaw.provider', 'text'),
    from('judgment', 'judgment.llm.provider', 'text'),
    from('hand-made', 'ai.provider', 'text'),
    { dialect: 'goose', key: 'provider', read: 'text', onlyScope: 'goose' },
  ],
  responseId: [
    from('otel', 'gen_ai.response.id', 'text'),
    from('ai-sdk', 'ai.response.id', 'text'),
    json('openinference', 'output.value', 'text', 'id'),
    json('genkit', 'genkit:output', 'text', 'raw.id', 'raw.responseId'),
    json('mlflow', 'mlflow.spanOutputs', 'text', 'id'),
  ],
  finishReason: [
    from('otel', 'gen_ai.response.finish_reasons', 'first'),
    from('openllmetry', 'gen_ai.response.finish_reason', 'text'),
    from('openllmetry', 'gen_ai.response.stop_reason', 'text'),
    from('openinference', 'llm.finish_reason', 'text'),
    from('ai-sdk', 'ai.response.finishReason', 'text'),
    from('openllmetry', 'gen_ai.completion.0.finish_reason', 'text'),
    from('openllmetry', 'llm.response.finish_reason', 'text'),
    from('openllmetry', 'llm.response.stop_reason', 'text'),
    json('otel', 'gen_ai.output.messages', 'text', '0.finish_reason'),
    from('anthropic-sdk', 'anthropic.message.stop_reason', 'text'),
    from('langfuse', 'langfuse.observation.metadata.finish_reason', 'quoted'),
    from('otel', 'gen_ai.choice/finish_reason', 'event text'),
    from('genkit', 'gen_ai.finishReason', 'text'),
    from('claude-code', 'stop_reason', 'text'),
    json('genkit', 'genkit:output', 'text', 'finishReason'),
    json('mlflow', 'mlflow.spanOutputs', 'text', 'choices.0.finish_reason', 'stop_reason'),
  ],
  stream: [
    from('otel', 'gen_ai.request.stream', 'flag'),
    from('openllmetry', 'gen_ai.is_streaming', 'flag'),
    from('openllmetry', 'llm.is_streaming', 'flag'),
    { dialect: 'ai-sdk', key: 'ai.operationId', read: 'suffix', suffix: '.doStream' },
    json('openinference', 'llm.invocation_parameters', 'flag', 'stream'),
    from('openlit', 'gen_ai.request.is_stream', 'flag'),
    json('logfire', 'request_data', 'flag', 'stream'),
  ],
  firstTokenMs: [
    from('otel', 'gen_ai.response.time_to_first_chunk', 'seconds'),
    from('otel', 'gen_ai.client.operation.time_to_first_chunk', 'seconds'),
    from('ai-sdk', 'ai.response.msToFirstChunk', 'millis'),
    from('openllmetry', 'gen_ai.content.completion.chunk', 'event'),
    from('openinference', 'First Token Stream Event', 'event'),
    from('ai-sdk', 'ai.stream.firstChunk', 'event'),
    from('langfuse', 'langfuse.observation.completion_start_time', 'instant'),
    from('mastra', 'mastra.completion_start_time', 'instant'),
    // Strands writes ms under a name of the convention, which has s.
    { dialect: 'strands', key: 'gen_ai.server.time_to_first_token', read: 'millis', onlyScope: 'strands' },
    // OpenLIT writes the full latency without streaming, and 0.3 to 45 ms where 81 ms are true.
    { dialect: 'otel', key: 'gen_ai.server.time_to_first_token', read: 'seconds', exceptScope: 'openlit.' },
    from('otel', 'gen_ai.server.ttft', 'seconds'),
    from('vllm', 'gen_ai.latency.time_to_first_token', 'seconds'),
    from('livekit', 'lk.response.ttft', 'seconds'),
    { dialect: 'goose', key: 'completion_start_time', read: 'instant', onlyScope: 'goose' },
    from('pipecat', 'metrics.ttfb', 'seconds'),
    from('copilot', 'copilot_chat.time_to_first_token', 'millis'),
    from('truefoundry', 'tfy.model.metric.time_to_first_token_in_ms', 'millis'),
    from('agentgateway', 'agw.ai.time_to_first_token', 'seconds'),
    from('agentuniverse', 'au.llm.first_token.duration', 'seconds'),
    from('claude-code', 'ttft_ms', 'millis'),
    json('braintrust', 'braintrust.metrics', 'seconds', 'time_to_first_token'),
    from('openrouter', 'trace.metadata.openrouter.first_token_ms', 'millis'),
  ],
  userId: [
    from('openllmetry', 'gen_ai.user', 'text'),
    from('otel', 'user.id', 'text'),
    from('loongsuite', 'gen_ai.user.id', 'text'),
    from('openlit', 'gen_ai.request.user', 'text'),
    from('openllmetry', 'llm.user', 'text'),
    from('openllmetry', 'traceloop.association.properties.user_id', 'text'),
    from('ai-sdk', 'ai.telemetry.metadata.userId', 'text'),
    from('ai-sdk', 'ai.settings.context.userId', 'text'),
    from('ai-sdk', 'ai.settings.runtimeContext.userId', 'text'),
    from('otel', 'enduser.id', 'text'),
    from('litellm', 'metadata.user_api_key_end_user_id', 'text'),
    from('litellm', 'metadata.user_api_key_user_id', 'text'),
    from('langfuse', 'langfuse.user.id', 'text'),
    from('laminar', 'lmnr.association.properties.user_id', 'text'),
    from('mlflow', 'mlflow.trace.user', 'quoted'),
    from('langwatch', 'langwatch.user.id', 'text'),
    from('archestra', 'archestra.user.id', 'text'),
    from('truefoundry', 'tfy.request.created_by_subject', 'text'),
  ],
  sessionId: [
    // Of Anthropic's managed agents, whose session may hold several conversations.
    from('anthropic-sdk', 'anthropic.session.id', 'text'),
    // In VS Code, where each turn is a conversation.
    from('copilot', 'copilot_chat.chat_session_id', 'text'),
    from('copilot', 'copilot_chat.session_id', 'text'),
    from('otel', 'gen_ai.conversation.id', 'text'),
    from('otel', 'session.id', 'text'),
    from('loongsuite', 'gen_ai.session.id', 'text'),
    from('openllmetry', 'traceloop.association.properties.session_id', 'text'),
    from('openllmetry', 'traceloop.association.properties.thread_id', 'text'),
    from('ai-sdk', 'ai.telemetry.metadata.sessionId', 'text'),
    from('ai-sdk', 'ai.settings.context.sessionId', 'text'),
    from('ai-sdk', 'ai.settings.runtimeContext.sessionId', 'text'),
    from('langfuse', 'langfuse.session.id', 'text'),
    from('langsmith', 'langsmith.trace.session_id', 'text'),
    from('laminar', 'lmnr.association.properties.session_id', 'text'),
    from('adk', 'gcp.vertex.agent.session_id', 'text'),
    from('mlflow', 'mlflow.trace.session', 'quoted'),
    from('openclaw', 'openclaw.sessionId', 'text'),
    from('langwatch', 'langwatch.thread.id', 'text'),
    from('truefoundry', 'tfy.request.conversation_id', 'text'),
    from('judgment', 'judgment.session_id', 'text'),
  ],
  errorType: [from('otel', 'error.type', 'text'), from('otel', 'exception/exception.type', 'event text')],
  errorMessage: [
    from('otel', 'exception/exception.message', 'event text'),
    from('litellm', 'error.message', 'text'),
    from('langfuse', 'langfuse.observation.status_message', 'text'),
    from('genkit', 'genkit:error', 'text'),
    from('claude-code', 'error', 'text'),
  ],
  httpStatus: [
    from('otel', 'http.response.status_code', 'count'),
    from('litellm', 'error.code', 'count'),
    from('otel', 'http.status_code', 'count'),
    from('claude-code', 'status_code', 'count'),
  ],
  // The tier that served comes before the one that was asked for.
  serviceTier: [
    from('otel', 'openai.response.service_tier', 'text'),
    from('otel', 'gen_ai.openai.response.service_tier', 'text'),
    from('anthropic-sdk', 'anthropic.response.service_tier', 'text'),
    from('laminar', 'gen_ai.response.service_tier', 'text'),
    from('openllmetry', 'llm.response.service_tier', 'text'),
    from('anthropic-sdk', 'anthropic.usage.service_tier', 'text'),
    from('otel', 'aws.bedrock.response.service_tier', 'text'),
    from('openllmetry', 'gen_ai.usage.service_tier', 'text'),
    json('ai-sdk', 'ai.response.providerMetadata', 'text', 'openai.serviceTier', 'anthropic.usage.service_tier'),
    json('logfire', 'gen_ai.usage.raw', 'text', 'service_tier'),
    json('logfire', 'response_data', 'text', 'service_tier', 'usage.service_tier'),
    json('genkit', 'genkit:output', 'text', 'raw.service_tier', 'raw.usage.service_tier'),
    json('langsmith', 'langsmith.metadata.usage_metadata', 'text', 'service_tier'),
    json('langfuse', 'langfuse.observation.metadata', 'text', 'service_tier'),
    from('langfuse', 'langfuse.observation.metadata.service_tier', 'quoted'),
    json('openinference', 'output.value', 'text', 'service_tier', 'usage.service_tier'),
  ],
  /** Of Claude: its fast mode has prices of its own, beside the tier. */
  speed: [
    from('anthropic-sdk', 'anthropic.usage.speed', 'text'),
    json('ai-sdk', 'ai.response.providerMetadata', 'text', 'anthropic.usage.speed'),
    json('logfire', 'gen_ai.usage.raw', 'text', 'speed'),
    json('logfire', 'response_data', 'text', 'usage.speed'),
    json('genkit', 'genkit:output', 'text', 'raw.usage.speed'),
    json('openinference', 'output.value', 'text', 'usage.speed'),
  ],
  /** Where Claude was served: in the US it has prices of its own. */
  geo: [
    from('anthropic-sdk', 'anthropic.usage.inference_geo', 'text'),
    from('otel', 'gen_ai.usage.inference_geo', 'text'),
    json('ai-sdk', 'ai.response.providerMetadata', 'text', 'anthropic.usage.inference_geo'),
    json('logfire', 'gen_ai.usage.raw', 'text', 'inference_geo'),
    json('logfire', 'response_data', 'text', 'usage.inference_geo'),
    json('genkit', 'genkit:output', 'text', 'raw.usage.inference_geo'),
    json('mlflow', 'mlflow.spanOutputs', 'text', 'usage.inference_geo'),
    json('openinference', 'output.value', 'text', 'usage.inference_geo'),
  ],
  askedTier: [
    from('otel', 'openai.request.service_tier', 'text'),
    from('otel', 'gen_ai.openai.request.service_tier', 'text'),
    from('laminar', 'gen_ai.request.service_tier', 'text'),
    from('laminar', 'anthropic.request.service_tier', 'text'),
    from('otel', 'aws.bedrock.request.service_tier', 'text'),
    json('langfuse', 'langfuse.observation.model.parameters', 'text', 'service_tier'),
    json('openinference', 'llm.invocation_parameters', 'text', 'service_tier'),
    json('logfire', 'request_data', 'text', 'service_tier'),
    from('claude-code', 'speed', 'text'),
  ],
  isBatch: [
    from('laminar', 'gen_ai.request.batch', 'flag'),
    from('otel', 'gen_ai.request.is_batch', 'flag'),
    from('openllmetry', 'llm.request.batch', 'flag'),
  ],
  // LiteLLM says it in several ways: `sdks/litellm.ts`.
  cacheHit: [from('promptfoo', 'promptfoo.cache_hit', 'flag')],
  // What whoever bills says comes before what a client reckons.
  chargedUsd: [
    json('ai-sdk', 'ai.response.providerMetadata', 'cost', 'openrouter.usage.cost', 'gateway.cost'),
    from('openrouter', 'openrouter.usage.cost', 'cost'),
    from('openrouter', 'usage.cost', 'cost'),
    from('openrouter', 'gen_ai.openrouter.cost', 'cost'),
    json('logfire', 'gen_ai.usage.raw', 'cost', 'cost', 'cost.total_cost'),
    json('logfire', 'response_data', 'cost', 'usage.cost', 'usage.cost.total_cost'),
    json('openinference', 'output.value', 'cost', 'usage.cost', 'usage.cost.total_cost'),
    json('genkit', 'genkit:output', 'cost', 'raw.usage.cost'),
    from('xai', 'gen_ai.usage.cost_in_usd_ticks', 'ticks'),
    json('logfire', 'gen_ai.usage.raw', 'ticks', 'cost_in_usd_ticks'),
    json('logfire', 'response_data', 'ticks', 'usage.cost_in_usd_ticks'),
    json('openinference', 'output.value', 'ticks', 'usage.cost_in_usd_ticks'),
    json('ai-sdk', 'ai.response.providerMetadata', 'ticks', 'xai.costInUsdTicks'),
    from('copilot', 'github.copilot.nano_aiu', 'nano credits'),
    from('copilot', 'copilot_chat.copilot_usage_nano_aiu', 'nano credits'),
  ],
  reckonedUsd: [
    from('openlit', 'gen_ai.usage.cost', 'cost'),
    from('otel', 'gen_ai.usage.total_cost', 'cost'),
    from('otel', 'gen_ai.usage.cost_usd', 'cost'),
    from('otel', 'gen_ai.cost.usd', 'cost'),
    from('openinference', 'llm.cost.total', 'cost'),
    from('openllmetry', 'llm.usage.total_cost', 'cost'),
    from('litellm', 'gen_ai.cost.total_cost', 'cost'),
    from('litellm', 'litellm.cost.total', 'cost'),
    from('pydantic-ai', 'operation.cost', 'cost'),
    json('langfuse', 'langfuse.observation.cost_details', 'cost', 'total'),
    json('mlflow', 'mlflow.llm.cost', 'cost', 'total_cost'),
    json('braintrust', 'braintrust.metrics', 'cost', 'estimated_cost'),
    from('claude-code', 'cost_usd', 'cost'),
    from('archestra', 'archestra.cost', 'cost'),
    from('truefoundry', 'tfy.model.metric.cost_in_usd', 'cost'),
    from('agentgateway', 'agw.ai.usage.cost.total', 'cost'),
    from('hand-made', 'llm.cost_usd', 'cost'),
    from('judgment', 'judgment.usage.total_cost_usd', 'cost'),
  ],
  /** Of OpenRouter, where a call went by the customer's own key: then the cost is its fee alone. */
  ownKeyUsd: [
    json('ai-sdk', 'ai.response.providerMetadata', 'cost', 'openrouter.usage.costDetails.upstreamInferenceCost'),
    json('logfire', 'gen_ai.usage.raw', 'cost', 'cost_details.upstream_inference_cost'),
    json('logfire', 'response_data', 'cost', 'usage.cost_details.upstream_inference_cost'),
    json('openinference', 'output.value', 'cost', 'usage.cost_details.upstream_inference_cost'),
    json('genkit', 'genkit:output', 'cost', 'raw.usage.cost_details.upstream_inference_cost'),
  ],
  isOwnKey: [
    json('ai-sdk', 'ai.response.providerMetadata', 'flag', 'openrouter.usage.isByok', 'openrouter.usage.is_byok'),
    json('logfire', 'gen_ai.usage.raw', 'flag', 'is_byok'),
    json('logfire', 'response_data', 'flag', 'usage.is_byok'),
    json('openinference', 'output.value', 'flag', 'usage.is_byok'),
    json('genkit', 'genkit:output', 'flag', 'raw.usage.is_byok'),
  ],
  /** As the convention is about to name them; the source says whether the amount came with the answer. */
  costAmount: [from('otel', 'gen_ai.usage.cost.amount', 'cost')],
  costCurrency: [from('otel', 'gen_ai.usage.cost.currency', 'text')],
  costSource: [from('otel', 'gen_ai.usage.cost.source', 'text')],
  reckonedInputUsd: [from('openrouter', 'gen_ai.usage.input_cost', 'cost')],
  reckonedOutputUsd: [from('openrouter', 'gen_ai.usage.output_cost', 'cost')],
} as const satisfies Readonly<Record<string, readonly Source[]>>;

export type Field = keyof typeof MAPPING;

/** Every attribute key that the table reads; names of events are not among them. */
export function mappedKeys(): readonly string[] {
  const sources: readonly Source[] = Object.values(MAPPING).flat();
  return sources.flatMap(attributeKeysOf);
}

/** The attribute keys that one cell reads. */
export function attributeKeysOf(source: Source): readonly string[] {
  if (source.read === 'event') return [];
  return [source.read === 'event text' ? source.key.slice(source.key.indexOf('/') + 1) : source.key];
}

function from(dialect: DialectName, key: string, read: Reading): Source {
  return { dialect, key, read };
}

function json(dialect: DialectName, key: string, read: Reading, ...paths: readonly string[]): Source {
  return { dialect, key, read, paths };
}
