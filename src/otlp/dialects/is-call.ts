import { KIND_CLIENT, type OtlpSpan } from '../decode/trace-export.ts';
import { SpanReader } from './span-reader.ts';

/** What a call does: the OTel operation, with the several words for one folded together. */
export type Operation = 'chat' | 'text_completion' | 'generate_content' | 'embeddings';

/**
 * What a span is to the count.
 *
 * - `call`: a model call by the rules below.
 * - `outer`: an AI SDK span around calls; a call only when no inner span came, as for a given-up stream.
 * - `raw`: LiteLLM's copy of the wire request; a call only when its parent is none.
 * - `stream end`: Logfire's log record that ends a stream, with the usage its opening span lacks.
 * - `none`: anything else. Never counted, but read for tenant and route of the calls below it.
 */
type Role = 'call' | 'outer' | 'raw' | 'stream end' | 'none';

export interface Classification {
  readonly role: Role;
  readonly operation: Operation;
  /** Which rule decided, for the explanation. */
  readonly rule: string;
}

/** Words of `gen_ai.operation.name` that are calls. Agents, tools, workflows and `fetch_response` are not. */
const OPERATION_OF: Readonly<Record<string, Operation>> = {
  chat: 'chat',
  completion: 'chat',
  responses: 'chat',
  text_completion: 'text_completion',
  generate_content: 'generate_content',
  embeddings: 'embeddings',
  embedding: 'embeddings',
};

const AI_SDK_CALL = /\.do(Generate|Stream|Embed)$/;
const AI_SDK_OUTER = /^ai\.(generateText|streamText|generateObject|streamObject|embed|embedMany)$/;
const OPENLIT_NAME = /^(chat|embeddings) \S/;

/** The attributes that decide, beside those of the mapping table. */
export const CLASSIFYING_KEYS = [
  'openinference.span.kind',
  'langfuse.observation.type',
  'langfuse.observation.level',
  'ai.operationId',
  'litellm.call_id',
  'gen_ai.operation.name',
  'llm.request.type',
  'lmnr.span.type',
  'langsmith.span.kind',
  'logfire.span_type',
  'duration',
  'hidden_params',
] as const;

/**
 * Whether a span is a model call. The rules are tried in order and the first that applies decides, because one span
 * may speak two dialects. Neither its kind (four SDKs say INTERNAL) nor a token count (outer spans have them,
 * errors do not) is a criterion.
 */
export function classify(span: OtlpSpan): Classification {
  const reader = new SpanReader(span);
  if (isLogfireStreamEnd(span)) return is('stream end', 'chat', 'logfire.span_type is log and it has a duration');
  // Sent when a Logfire span starts, as a child of what is sent when it ends.
  if (span.attributes.get('logfire.span_type') === 'pending_span') return is('none', 'chat', 'Logfire pending span');
  if (isLitellmRaw(span)) return is('raw', 'chat', 'LiteLLM raw_gen_ai_request');

  const openInference = reader.attributeText('openinference.span.kind')?.toUpperCase();
  if (openInference !== undefined) {
    if (openInference === 'EMBEDDING') return is('call', 'embeddings', 'openinference.span.kind is EMBEDDING');
    return openInference === 'LLM'
      ? is('call', 'chat', 'openinference.span.kind is LLM')
      : is('none', 'chat', `openinference.span.kind is ${openInference}`);
  }
  const langfuse = reader.attributeText('langfuse.observation.type');
  if (langfuse !== null) {
    if (langfuse === 'embedding') return is('call', 'embeddings', 'langfuse.observation.type is embedding');
    const role = langfuse === 'generation' ? 'call' : 'none';
    return is(role, 'chat', `langfuse.observation.type is ${langfuse}`);
  }
  const aiSdk = reader.attributeText('ai.operationId');
  if (aiSdk?.startsWith('ai.') === true) return classifyAiSdk(aiSdk);
  if (reader.attributeText('litellm.call_id') !== null) {
    return is('call', operationFrom(reader), 'litellm.call_id is there');
  }
  return classifyByOperation(reader);
}

function classifyAiSdk(operationId: string): Classification {
  const operation = /embed/i.test(operationId) ? 'embeddings' : 'chat';
  if (AI_SDK_CALL.test(operationId)) return is('call', operation, `ai.operationId is ${operationId}`);
  const role = AI_SDK_OUTER.test(operationId) ? 'outer' : 'none';
  return is(role, operation, `ai.operationId is ${operationId}`);
}

function classifyByOperation(reader: SpanReader): Classification {
  const named = reader.attributeText('gen_ai.operation.name')?.toLowerCase();
  if (named !== undefined) {
    const operation = OPERATION_OF[named];
    return operation === undefined
      ? is('none', 'chat', `gen_ai.operation.name is ${named}`)
      : is('call', operation, `gen_ai.operation.name is ${named}`);
  }
  const requestType = reader.attributeText('llm.request.type')?.toLowerCase();
  if (requestType !== undefined && reader.attributeText('gen_ai.request.model') !== null) {
    const operation = OPERATION_OF[requestType];
    if (operation !== undefined) return is('call', operation, `llm.request.type is ${requestType}`);
  }
  const spanType = reader.attributeText('lmnr.span.type') ?? reader.attributeText('langsmith.span.kind');
  if (spanType?.toLowerCase() === 'llm') return is('call', 'chat', 'lmnr.span.type or langsmith.span.kind is LLM');
  return classifyByName(reader.span);
}

/** OpenLIT's error spans of Anthropic calls carry nothing but their name. */
function classifyByName(span: OtlpSpan): Classification {
  const [, word] = OPENLIT_NAME.exec(span.name) ?? [];
  if (word !== undefined && span.kind === KIND_CLIENT && span.scope.name.startsWith('openlit.instrumentation.')) {
    return is('call', word === 'chat' ? 'chat' : 'embeddings', `OpenLIT span named ${span.name}`);
  }
  return is('none', 'chat', 'no attribute marks it as a model call');
}

function operationFrom(reader: SpanReader): Operation {
  const word = reader.attributeText('gen_ai.operation.name') ?? reader.attributeText('llm.request.type') ?? 'chat';
  // LiteLLM also writes the name of its function: aembedding, acompletion.
  return OPERATION_OF[word.toLowerCase()] ?? (/embed/i.test(word) ? 'embeddings' : 'chat');
}

function isLitellmRaw(span: OtlpSpan): boolean {
  return span.name === 'raw_gen_ai_request' && !span.attributes.has('litellm.call_id');
}

function isLogfireStreamEnd(span: OtlpSpan): boolean {
  return (
    span.scope.name.startsWith('logfire') &&
    span.attributes.get('logfire.span_type') === 'log' &&
    typeof span.attributes.get('duration') === 'number' &&
    (span.attributes.has('request_data') || span.attributes.has('gen_ai.request.model'))
  );
}

function is(role: Role, operation: Operation, rule: string): Classification {
  return { role, operation, rule };
}
