import { type Expression, evaluate, type Row } from './expression.ts';
import { instantFrom } from './instant.ts';
import { type Mapping, NO_MAPPING } from './mapping.ts';

const EMBEDDING: Expression = {
  from: 'call_type',
  map: { embedding: 'embeddings', aembedding: 'embeddings' },
};

/** LiteLLM's spend logs (`LiteLLM_SpendLogs`, `GET /spend/logs`), and its standard logging payload. */
export const LITELLM: Mapping = {
  ...NO_MAPPING,
  fields: {
    id: ['request_id', 'id'],
    started_at: 'startTime',
    ended_at: 'endTime',
    time_to_first_token_ms: 'first_token_ms',
    model: ['model', 'model_group'],
    provider: 'custom_llm_provider',
    tenant_id: ['organization_id', 'metadata.user_api_key_org_id', 'team_id', 'metadata.user_api_key_team_id'],
    user: ['end_user', 'metadata.user_api_key_end_user_id', 'user', 'metadata.user_api_key_user_id'],
    session_id: ['session_id', 'trace_id'],
    operation: EMBEDDING,
    stream: 'stream',
    prompt_tokens: 'prompt_tokens',
    cached_prompt_tokens: [
      'metadata.usage_object.prompt_tokens_details.cached_tokens',
      'metadata.usage_object.cache_read_input_tokens',
      'metadata.additional_usage_values.prompt_tokens_details.cached_tokens',
      'metadata.additional_usage_values.cache_read_input_tokens',
    ],
    cache_write_tokens: [
      'metadata.usage_object.cache_creation_input_tokens',
      'metadata.additional_usage_values.cache_creation_input_tokens',
    ],
    completion_tokens: 'completion_tokens',
    reasoning_tokens: [
      'metadata.usage_object.completion_tokens_details.reasoning_tokens',
      'metadata.additional_usage_values.completion_tokens_details.reasoning_tokens',
    ],
    web_search_requests: [
      'metadata.usage_object.server_tool_use.web_search_requests',
      'metadata.usage_object.prompt_tokens_details.web_search_requests',
      'metadata.additional_usage_values.server_tool_use.web_search_requests',
      'metadata.additional_usage_values.prompt_tokens_details.web_search_requests',
    ],
    cost_usd: ['spend', 'response_cost'],
    cost_reported_by: { value: 'gateway' },
    cache_hit: 'cache_hit',
    error: ['metadata.error_information.error_message', 'error_information.error_message', 'error_str', 'failed'],
    error_type: ['metadata.error_information.error_class', 'error_information.error_class'],
    http_status: ['metadata.error_information.error_code', 'error_information.error_code'],
  },
  ids: ['response.id', 'litellm_call_id', 'metadata.litellm_call_id'],
  metadata: { model_group: 'model_group', team: ['metadata.user_api_key_team_alias', 'team_id'], tags: 'request_tags' },
  prepare: (row) => {
    if (/mcp|file|batch_create|list_/.test(textAt(row, 'call_type'))) return null;
    const status = evaluate(['status', 'metadata.status'], row);
    if (status === 'failure') return { ...row, failed: 'failure' };
    // It writes 0 for a model that its own list does not have: what it cost is unknown then, and not nothing.
    const isUnpriced =
      Number(evaluate(['spend', 'response_cost'], row) ?? 1) === 0 && !isTrue(evaluate('cache_hit', row));
    const told = { ...row, first_token_ms: firstTokenMs(row) };
    return isUnpriced ? { ...told, spend: null, response_cost: null } : told;
  },
};

/** Of a stream. Of another answer LiteLLM writes its end as the time of its first token. */
function firstTokenMs(row: Row): number | null {
  const [start, first, end] = ['startTime', 'completionStartTime', 'endTime'].map((name) => instantFrom(row[name]));
  if (start == null || first == null || end == null) return null;
  return first > start && first < end ? first - start : null;
}

/** Envoy AI Gateway's access log in JSON, by the names of its documentation; a mapping file has other ones. */
export const ENVOY_AI_GATEWAY: Mapping = {
  ...NO_MAPPING,
  fields: {
    id: ['x-request-id', 'request_id', 'x_request_id'],
    started_at: ['start_time', 'timestamp'],
    latency_ms: ['duration', 'response_duration'],
    model: ['gen_ai.request.model', 'genai_model_name', 'genai_model_name_override', 'model'],
    answered_model: ['gen_ai.response.model', 'genai_response_model'],
    provider: ['gen_ai.provider.name', 'genai_backend_name', 'backend_name'],
    route: ['route_name', 'ai_gateway_route_name'],
    user: ['x-user-id', 'user_id'],
    session_id: ['session.id', 'x-session-id'],
    operation: { from: 'gen_ai.operation.name', map: { embeddings: 'embeddings' } },
    prompt_tokens: ['gen_ai.usage.input_tokens', 'genai_tokens_input', 'llm_input_token', 'input_token'],
    cached_prompt_tokens: [
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.cached_input_tokens',
      'genai_tokens_cached_input',
      'genai_tokens_input_cached',
      'llm_cached_input_token',
    ],
    cache_write_tokens: [
      'gen_ai.usage.cache_creation.input_tokens',
      'gen_ai.usage.cache_creation_input_tokens',
      'genai_tokens_cache_creation_input',
      'llm_cache_creation_input_token',
    ],
    completion_tokens: ['gen_ai.usage.output_tokens', 'genai_tokens_output', 'llm_output_token', 'output_token'],
    reasoning_tokens: ['gen_ai.usage.reasoning.output_tokens', 'llm_reasoning_token'],
    http_status: ['response_code', 'status'],
  },
  ids: ['gen_ai.response.id', 'traceparent'],
  metadata: { backend: ['genai_backend_name', 'gen_ai.provider.name', 'upstream_cluster'] },
  // The gateway logs what is no model call too, such as the list of models.
  prepare: (row) => (evaluate(ENVOY_AI_GATEWAY.fields.model ?? 'model', row) === null ? null : row),
};

/** Bedrock's invocation log, as it lies in S3 or CloudWatch: the cache stands beside the input. */
export const BEDROCK: Mapping = {
  ...NO_MAPPING,
  fields: {
    id: 'requestId',
    started_at: 'timestamp',
    latency_ms: ['output.outputBodyJson.metrics.latencyMs', 'latencyMs'],
    model: 'model',
    provider: { value: 'aws.bedrock' },
    user: ['requestMetadata.user', 'requestMetadata.user_id', 'identity.arn'],
    tenant_id: ['requestMetadata.tenant_id', 'requestMetadata.tenant'],
    session_id: ['requestMetadata.session_id', 'requestMetadata.session'],
    operation: 'kind',
    stream: {
      from: 'operation',
      map: { InvokeModel: false, Converse: false, ConverseStream: true, InvokeModelWithResponseStream: true },
    },
    prompt_tokens: {
      sum: ['input.inputTokenCount', 'input.cacheReadInputTokenCount', 'input.cacheWriteInputTokenCount'],
    },
    cached_prompt_tokens: 'input.cacheReadInputTokenCount',
    cache_write_tokens: 'input.cacheWriteInputTokenCount',
    cache_write_1h_tokens: 'output.outputBodyJson.usage.cache_creation.ephemeral_1h_input_tokens',
    completion_tokens: 'output.outputTokenCount',
    web_search_requests: 'output.outputBodyJson.usage.server_tool_use.web_search_requests',
    finish_reason: ['output.outputBodyJson.stopReason', 'output.outputBodyJson.stop_reason'],
    error: 'errorCode',
    error_type: 'errorCode',
  },
  ids: ['output.outputBodyJson.id'],
  metadata: { region: 'region', inference_region: 'inferenceRegion', account: 'accountId', identity: 'identity.arn' },
  prepare: (row) => {
    // CloudWatch wraps the record.
    const inner = evaluate(['@message', 'message'], row);
    const record = typeof inner === 'string' ? objectIn(inner) : typeof inner === 'object' ? (inner as Row) : null;
    const log = record ?? row;
    const modelId = textAt(log, 'modelId');
    if (modelId === '') return null;
    const model = modelId.startsWith('arn:') ? (modelId.split('/').at(-1) ?? modelId) : modelId;
    return { ...log, model, ...(/embed/i.test(model) ? { kind: 'embeddings' } : {}) };
  },
};

/** OpenRouter's activity as CSV, and its generations as the API gives them. The counts of the provider are billed. */
export const OPENROUTER: Mapping = {
  ...NO_MAPPING,
  fields: {
    id: ['generation_id', 'id'],
    started_at: 'created_at',
    latency_ms: ['generation_time_ms', 'generation_time'],
    time_to_first_token_ms: ['time_to_first_token_ms', 'latency'],
    model: ['model_permaslug', 'model'],
    provider: { value: 'openrouter' },
    user: ['user', 'external_user'],
    session_id: 'session_id',
    stream: 'streamed',
    prompt_tokens: ['native_tokens_prompt', 'tokens_prompt'],
    cached_prompt_tokens: ['native_tokens_cached', 'tokens_cached'],
    completion_tokens: ['native_tokens_completion', 'tokens_completion'],
    reasoning_tokens: ['native_tokens_reasoning', 'tokens_reasoning'],
    cost_usd: ['cost_total', 'total_cost', 'usage'],
    cost_reported_by: { value: 'gateway' },
    finish_reason: ['finish_reason_normalized', 'finish_reason', 'finish_reason_raw'],
    cancelled: 'cancelled',
  },
  ids: ['upstream_id'],
  metadata: { app: 'app_name', api_key: 'api_key_name', served_by: 'provider_name', variant: 'variant' },
  // With a key of one's own the provider bills, and OpenRouter charges no more than its fee.
  prepare: (row) => {
    const isOwnKey = Number(row['byok_usage_inference'] ?? 0) > 0 || isTrue(row['is_byok']);
    return isOwnKey ? { ...row, cost_total: null, total_cost: null, usage: null } : row;
  },
};

/** Langfuse's observations, by its API, its page or its export to a bucket. */
export const LANGFUSE: Mapping = {
  ...NO_MAPPING,
  fields: {
    id: 'id',
    started_at: ['startTime', 'start_time'],
    ended_at: ['endTime', 'end_time'],
    time_to_first_token_ms: { from: ['timeToFirstToken', 'time_to_first_token'], times: 1000 },
    model: ['providedModelName', 'provided_model_name', 'model', 'internalModel'],
    tenant_id: ['metadata.tenant_id', 'metadata.tenant.id', 'metadata.attributes.tenant.id'],
    route: ['traceName', 'trace_name', 'name'],
    user: ['userId', 'user_id'],
    session_id: ['sessionId', 'session_id'],
    operation: { from: 'type', map: { EMBEDDING: 'embeddings' } },
    prompt_tokens: 'told.prompt',
    cached_prompt_tokens: 'told.cached',
    cache_write_tokens: 'told.written',
    completion_tokens: 'told.completion',
    reasoning_tokens: 'told.reasoning',
    web_search_requests: 'told.searches',
    cost_usd: ['costDetails.total', 'cost_details.total', 'calculatedTotalCost', 'totalCost', 'total_cost'],
    cost_reported_by: { value: 'client' },
    error: 'told.error',
  },
  ids: ['metadata.response_id', 'metadata.gen_ai.response.id'],
  metadata: {
    trace_id: ['traceId', 'trace_id'],
    environment: 'environment',
    prompt_name: ['promptName', 'prompt_name'],
  },
  only: { from: 'type', is: ['GENERATION', 'EMBEDDING'] },
  prepare: (row) => {
    if (evaluate(LANGFUSE.fields.model ?? 'model', row) === null) return null;
    const isError = evaluate('level', row) === 'ERROR';
    const message = evaluate(['statusMessage', 'status_message'], row) ?? 'ERROR';
    return { ...row, told: { ...langfuseUsage(row), error: isError ? message : null } };
  },
};

/** Its parts lie beside each other, unless the total says that they lie inside. */
function langfuseUsage(row: Row): Row {
  const details = evaluate(['usageDetails', 'usage_details', 'usage'], row);
  const usage = typeof details === 'string' ? objectIn(details) : (details as Row | null);
  const counts = Object.entries(usage ?? {}).flatMap(([name, value]) =>
    value !== null && value !== '' && Number.isFinite(Number(value)) ? [[name, Number(value)] as const] : [],
  );
  const sumOf = (pattern: RegExp): number | null => {
    const found = counts.filter(([name]) => pattern.test(name));
    return found.length === 0 ? null : found.reduce((sum, [, count]) => sum + count, 0);
  };
  const [input, output, total] = [sumOf(/^input$/), sumOf(/^output$/), sumOf(/^total$/)];
  const isInside = input !== null && output !== null && total === input + output;
  const plain = { prompt: ['promptTokens', 'inputUsage'], completion: ['completionTokens', 'outputUsage'] } as const;
  return {
    prompt: (isInside ? input : sumOf(INPUT)) ?? evaluate(plain.prompt, row),
    completion: (isInside ? output : sumOf(OUTPUT)) ?? evaluate(plain.completion, row),
    cached: sumOf(/cache_read|cached/),
    written: sumOf(/cache_creation|cache_write/),
    reasoning: sumOf(/reasoning/),
    searches: sumOf(/web_search_(?:requests|calls)$|^web_searches$/),
  };
}

const INPUT = /^(?:input|prompt)|cache_read|cache_creation|cache_write|cached/;
const OUTPUT = /^(?:output|completion)|reasoning/;

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

function objectIn(text: string): Row | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Row) : null;
  } catch {
    return null;
  }
}

function textAt(row: Row, path: string): string {
  const value = evaluate(path, row);
  return typeof value === 'string' ? value : '';
}
