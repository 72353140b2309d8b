import type { Dialect, Reading, Source } from './source.ts';

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
  ],
  responseModel: [
    from('otel', 'gen_ai.response.model', 'text'),
    from('openinference', 'llm.response.model_name', 'text'),
    from('ai-sdk', 'ai.response.model', 'text'),
    from('openinference', 'llm.model_name', 'text'),
    from('openinference', 'embedding.model_name', 'text'),
    from('langfuse', 'langfuse.observation.model.name', 'text'),
    from('openllmetry', 'llm.response.model', 'text'),
  ],
  provider: [
    from('otel', 'gen_ai.provider.name', 'text'),
    from('otel', 'gen_ai.system', 'text'),
    from('openinference', 'llm.provider', 'text'),
    from('openinference', 'llm.system', 'text'),
    from('ai-sdk', 'ai.model.provider', 'text'),
    from('ai-sdk', 'aisdk.model.provider', 'text'),
  ],
  responseId: [
    from('otel', 'gen_ai.response.id', 'text'),
    from('ai-sdk', 'ai.response.id', 'text'),
    json('openinference', 'output.value', 'text', 'id'),
  ],
  promptTokens: [
    from('otel', 'gen_ai.usage.input_tokens', 'count'),
    from('otel', 'gen_ai.usage.prompt_tokens', 'count'),
    from('openllmetry', 'llm.usage.prompt_tokens', 'count'),
    from('openinference', 'llm.token_count.prompt', 'count'),
    from('ai-sdk', 'ai.usage.inputTokens', 'count'),
    from('ai-sdk', 'ai.usage.promptTokens', 'count'),
    from('ai-sdk', 'ai.usage.tokens', 'count'),
    json('langfuse', 'langfuse.observation.usage_details', 'count', 'prompt_tokens', 'input_tokens', 'input'),
  ],
  completionTokens: [
    from('otel', 'gen_ai.usage.output_tokens', 'count'),
    from('otel', 'gen_ai.usage.completion_tokens', 'count'),
    from('openllmetry', 'llm.usage.completion_tokens', 'count'),
    from('openinference', 'llm.token_count.completion', 'count'),
    from('ai-sdk', 'ai.usage.outputTokens', 'count'),
    from('ai-sdk', 'ai.usage.completionTokens', 'count'),
    json('langfuse', 'langfuse.observation.usage_details', 'count', 'completion_tokens', 'output_tokens', 'output'),
  ],
  cachedTokens: [
    from('otel', 'gen_ai.usage.cache_read.input_tokens', 'count'),
    from('openllmetry', 'gen_ai.usage.cache_read_input_tokens', 'count'),
    from('pydantic-ai', 'gen_ai.usage.details.cache_read_tokens', 'count'),
    from('pydantic-ai', 'gen_ai.usage.details.cache_read_input_tokens', 'count'),
    from('openinference', 'llm.token_count.prompt_details.cache_read', 'count'),
    from('openinference', 'llm.token_count.prompt_details.cache_input', 'count'),
    from('ai-sdk', 'ai.usage.cachedInputTokens', 'count'),
    from('ai-sdk', 'ai.usage.inputTokenDetails.cacheReadTokens', 'count'),
    json(
      'langfuse',
      'langfuse.observation.usage_details',
      'count',
      'prompt_tokens_details.cached_tokens',
      'input_tokens_details.cached_tokens',
      'input_cached_tokens',
      'cache_read_input_tokens',
    ),
    json(
      'logfire',
      'gen_ai.usage.raw',
      'count',
      'prompt_tokens_details.cached_tokens',
      'input_tokens_details.cached_tokens',
      'cache_read_input_tokens',
    ),
    from('otel', 'gen_ai.usage.cache_read_tokens', 'count'),
    from('otel', 'gen_ai.usage.input_cached_tokens', 'count'),
    from('openlit', 'gen_ai.usage.prompt_tokens_details.cached_tokens', 'count'),
    from('sentry', 'gen_ai.usage.input_tokens.cached', 'count'),
    from('otel', 'gen_ai.usage.{text,image,audio}.cache_read.input_tokens', 'parts'),
  ],
  cacheWriteTokens: [
    from('otel', 'gen_ai.usage.cache_creation.input_tokens', 'count'),
    from('otel', 'gen_ai.usage.cache_write.input_tokens', 'count'),
    from('openllmetry', 'gen_ai.usage.cache_creation_input_tokens', 'count'),
    from('openinference', 'llm.token_count.prompt_details.cache_write', 'count'),
    from('ai-sdk', 'ai.usage.inputTokenDetails.cacheWriteTokens', 'count'),
    json(
      'ai-sdk',
      'ai.response.providerMetadata',
      'count',
      'anthropic.cacheCreationInputTokens',
      'anthropic.usage.cache_creation_input_tokens',
    ),
    from('pydantic-ai', 'gen_ai.usage.details.cache_write_tokens', 'count'),
    from('pydantic-ai', 'gen_ai.usage.details.cache_creation_input_tokens', 'count'),
    json('langfuse', 'langfuse.observation.usage_details', 'count', 'cache_creation_input_tokens'),
    json('logfire', 'gen_ai.usage.raw', 'count', 'cache_creation_input_tokens'),
    from('otel', 'gen_ai.usage.cache_write_tokens', 'count'),
    from('openlit', 'gen_ai.usage.prompt_tokens_details.cache_creation_tokens', 'count'),
    from('sentry', 'gen_ai.usage.input_tokens.cache_write', 'count'),
  ],
  cacheWrite1hTokens: [
    from('anthropic-sdk', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens', 'count'),
    from('laminar', 'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h', 'count'),
    json('ai-sdk', 'ai.response.providerMetadata', 'count', 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens'),
  ],
  reasoningTokens: [
    from('otel', 'gen_ai.usage.reasoning.output_tokens', 'count'),
    from('openllmetry', 'gen_ai.usage.reasoning_tokens', 'count'),
    from('pydantic-ai', 'gen_ai.usage.details.reasoning_tokens', 'count'),
    from('openllmetry', 'llm.usage.reasoning_tokens', 'count'),
    from('openinference', 'llm.token_count.completion_details.reasoning', 'count'),
    from('ai-sdk', 'ai.usage.reasoningTokens', 'count'),
    from('ai-sdk', 'ai.usage.outputTokenDetails.reasoningTokens', 'count'),
    json(
      'langfuse',
      'langfuse.observation.usage_details',
      'count',
      'completion_tokens_details.reasoning_tokens',
      'output_tokens_details.reasoning_tokens',
      'output_reasoning_tokens',
    ),
    json(
      'logfire',
      'gen_ai.usage.raw',
      'count',
      'completion_tokens_details.reasoning_tokens',
      'output_tokens_details.reasoning_tokens',
    ),
    from('openlit', 'gen_ai.usage.completion_tokens_details.reasoning_tokens', 'count'),
    from('sentry', 'gen_ai.usage.output_tokens.reasoning', 'count'),
  ],
  audioPromptTokens: [
    from('otel', 'gen_ai.usage.audio.input_tokens', 'count'),
    from('openinference', 'llm.token_count.prompt_details.audio', 'count'),
    from('laminar', 'gen_ai.usage.audio_input_tokens', 'count'),
  ],
  audioCompletionTokens: [
    from('otel', 'gen_ai.usage.audio.output_tokens', 'count'),
    from('openinference', 'llm.token_count.completion_details.audio', 'count'),
    from('laminar', 'gen_ai.usage.audio_output_tokens', 'count'),
    from('openlit', 'gen_ai.usage.completion_tokens_details.audio_tokens', 'count'),
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
    // OpenLIT writes the full latency without streaming, and 0.3 to 45 ms where 81 ms are true.
    { dialect: 'otel', key: 'gen_ai.server.time_to_first_token', read: 'seconds', exceptScope: 'openlit.' },
    from('otel', 'gen_ai.server.ttft', 'seconds'),
  ],
  userId: [
    from('openllmetry', 'gen_ai.user', 'text'),
    from('otel', 'user.id', 'text'),
    from('openlit', 'gen_ai.request.user', 'text'),
    from('openllmetry', 'llm.user', 'text'),
    from('openllmetry', 'traceloop.association.properties.user_id', 'text'),
    from('ai-sdk', 'ai.telemetry.metadata.userId', 'text'),
    from('ai-sdk', 'ai.settings.context.userId', 'text'),
    from('ai-sdk', 'ai.settings.runtimeContext.userId', 'text'),
    from('litellm', 'metadata.user_api_key_user_id', 'text'),
    from('otel', 'enduser.id', 'text'),
    from('langfuse', 'langfuse.user.id', 'text'),
    from('laminar', 'lmnr.association.properties.user_id', 'text'),
  ],
  sessionId: [
    from('otel', 'gen_ai.conversation.id', 'text'),
    from('otel', 'session.id', 'text'),
    from('openllmetry', 'traceloop.association.properties.session_id', 'text'),
    from('openllmetry', 'traceloop.association.properties.thread_id', 'text'),
    from('ai-sdk', 'ai.telemetry.metadata.sessionId', 'text'),
    from('ai-sdk', 'ai.settings.context.sessionId', 'text'),
    from('ai-sdk', 'ai.settings.runtimeContext.sessionId', 'text'),
    from('langfuse', 'langfuse.session.id', 'text'),
    from('langsmith', 'langsmith.trace.session_id', 'text'),
    from('laminar', 'lmnr.association.properties.session_id', 'text'),
  ],
  errorType: [from('otel', 'error.type', 'text'), from('otel', 'exception/exception.type', 'event text')],
  errorMessage: [
    from('otel', 'exception/exception.message', 'event text'),
    from('litellm', 'error.message', 'text'),
    from('langfuse', 'langfuse.observation.status_message', 'text'),
  ],
  httpStatus: [from('otel', 'http.response.status_code', 'count'), from('litellm', 'error.code', 'count')],
  serviceTier: [
    from('otel', 'openai.response.service_tier', 'text'),
    from('otel', 'gen_ai.openai.response.service_tier', 'text'),
    from('anthropic-sdk', 'anthropic.response.service_tier', 'text'),
    from('laminar', 'gen_ai.response.service_tier', 'text'),
    json('ai-sdk', 'ai.response.providerMetadata', 'text', 'openai.serviceTier', 'anthropic.usage.service_tier'),
    json('langfuse', 'langfuse.observation.model.parameters', 'text', 'service_tier'),
    from('otel', 'openai.request.service_tier', 'text'),
    from('otel', 'gen_ai.openai.request.service_tier', 'text'),
    from('laminar', 'gen_ai.request.service_tier', 'text'),
    from('laminar', 'anthropic.request.service_tier', 'text'),
  ],
  isBatch: [from('laminar', 'gen_ai.request.batch', 'flag')],
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
  if (source.read === 'event text') return [source.key.slice(source.key.indexOf('/') + 1)];
  return source.read === 'parts' ? expandKey(source.key) : [source.key];
}

/** `a.{b,c}.d` stands for `a.b.d` and `a.c.d`. */
export function expandKey(key: string): readonly string[] {
  const [, before, choices, after] = /^(.*)\{(.*)\}(.*)$/.exec(key) ?? [];
  if (choices === undefined) return [key];
  return choices.split(',').map((choice) => `${before}${choice}${after}`);
}

function from(dialect: Dialect, key: string, read: Reading): Source {
  return { dialect, key, read };
}

function json(dialect: Dialect, key: string, read: Reading, ...paths: readonly string[]): Source {
  return { dialect, key, read, paths };
}
