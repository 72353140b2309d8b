import type { OtlpSpan } from '../../decode/trace-export.ts';
import { NO_USAGE } from '../../usage/choose-usage.ts';
import { BY_CONVENTION, settleUsage, type Usage } from '../../usage/settle-usage.ts';
import { readUsagePaths, type UsageCounts } from '../../usage/usage-counts.ts';
import { type Classification, is, type Operation, operationOf } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import { reprCounts } from '../python-repr.ts';
import { flagFrom, textFrom, valueAt } from '../read-value.ts';
import type { SpanReader } from '../span-reader.ts';

const CALL_ID = 'litellm.call_id';
const RAW_NAME = 'raw_gen_ai_request';
const PROVIDER_MODEL = 'litellm.provider.model';
const MODEL_GROUP = 'litellm.model_group';
const CACHE_HIT = 'litellm.cache_hit';

/** LiteLLM, library and proxy. */
export const LITELLM: Dialect = {
  name: 'litellm',
  keys: [CALL_ID, PROVIDER_MODEL, MODEL_GROUP, CACHE_HIT],
  lateKeys: ['hidden_params'],
  usageTrust: 2,
  usage: [{ object: 'metadata.usage_object', as: 'repr' }],
  classify(reader) {
    const isCall = reader.span.attributes.has(CALL_ID) && reader.attributeText(CALL_ID) !== null;
    if (isCall) return is('call', operationFrom(reader), 'litellm.call_id is there');
    return isLitellmRaw(reader.span) ? RAW : null;
  },
};

const RAW: Classification = is('raw', 'chat', 'LiteLLM raw_gen_ai_request');

/** Whether a span is LiteLLM's copy of the wire request. */
export function isLitellmRaw({ name, attributes }: OtlpSpan): boolean {
  return name === RAW_NAME && !attributes.has(CALL_ID);
}

function operationFrom(reader: SpanReader): Operation {
  const word = reader.attributeText('gen_ai.operation.name') ?? reader.attributeText('llm.request.type') ?? 'chat';
  return operationOf(word) ?? (/embed/i.test(word) ? 'embeddings' : 'chat');
}

/** LiteLLM puts its own call id into the response id when the call failed: that is no id of a response. */
export function isLitellmCallId(reader: SpanReader, responseId: string): boolean {
  return responseId === reader.attributeText(CALL_ID);
}

/** LiteLLM answered from its own cache, so that nothing was spent. Null where nothing says so. */
export function isLitellmCacheHit(reader: SpanReader): boolean | null {
  const told = flagFrom(reader.span.attributes.get(CACHE_HIT));
  if (told !== null) return told ? true : null;
  const hidden = reader.parsed('hidden_params');
  if (typeof hidden !== 'object' || hidden === null || !('cache_key' in hidden)) return null;
  return typeof hidden.cache_key === 'string' && hidden.cache_key !== '' ? true : null;
}

/**
 * The proxy answers with the alias under which it offers a model, which no price list knows. Then the model that it
 * called is the one that is billed; null where the answered name is as good as any.
 */
export function litellmBilledModel(reader: SpanReader, responseModel: string | null): string | null {
  if (!reader.span.attributes.has(CALL_ID)) return null;
  const hidden = valueAt(reader.parsed('hidden_params'), 'litellm_model_name');
  const called = reader.attributeText(PROVIDER_MODEL) ?? (typeof hidden === 'string' ? hidden : null);
  const isAlias = responseModel !== null && responseModel === reader.attributeText(MODEL_GROUP);
  return called !== null && isAlias ? called.slice(called.indexOf('/') + 1) : null;
}

/** What can be read from the copy of the wire request when its parent is not there. */
export interface LitellmRaw extends Usage {
  readonly provider: string | null;
  readonly requestModel: string | null;
  readonly responseModel: string | null;
  readonly responseId: string | null;
}

const RAW_KEY = /^llm\.([a-z0-9_]+)\.(?:usage|model|id)$/;

/** Whether a key is one of `llm.PROVIDER.usage`, `.model` and `.id`. */
export function isLitellmRawKey(key: string): boolean {
  return RAW_KEY.test(key);
}

/**
 * Reads `llm.PROVIDER.usage`, `.model` and `.id`. The usage is the repr of what the provider answered, so its names are
 * the provider's, at any depth; Anthropic's `input_tokens` leave the cache out. The model is the one that answered.
 */
export function readLitellmRaw({ attributes }: OtlpSpan): LitellmRaw {
  const provider = attributes.keys.map((key) => RAW_KEY.exec(key)?.[1]).find((name) => name !== undefined) ?? null;
  const at = (name: string) => textFrom(attributes.get(`llm.${provider}.${name}`));
  const sent = reprCounts(at('usage') ?? '');
  const counts: UsageCounts = {};
  readUsagePaths(counts, sent);
  const isCacheOutside = sent.has('input_tokens') && sent.has('cache_read_input_tokens');
  const { isProved: _, ...usage } = settleUsage(counts, { ...BY_CONVENTION, isCacheOutside });
  const model = at('model');
  return { ...NO_USAGE, ...usage, provider, requestModel: model, responseModel: model, responseId: at('id') };
}
