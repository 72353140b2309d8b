import type { Failure } from './dialects/failure.ts';
import { readFailure } from './dialects/failure.ts';
import type { Operation } from './dialects/is-call.ts';
import { readLitellmRaw } from './dialects/litellm-raw.ts';
import { normalizeProvider } from './dialects/provider.ts';
import type { SpanReader } from './dialects/span-reader.ts';
import { inclusivePromptTokens, isCacheOutsidePrompt } from './dialects/token-counts.ts';

/**
 * What one span says about one model call. Null is unknown: never 0, never a guess.
 * Prompt tokens include cached ones; completion tokens include reasoning.
 */
export interface CallFacts {
  readonly operation: Operation;
  readonly provider: string | null;
  readonly requestModel: string | null;
  readonly responseModel: string | null;
  readonly responseId: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly cacheWrite1hTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly audioPromptTokens: number | null;
  readonly cachedAudioPromptTokens: number | null;
  readonly audioCompletionTokens: number | null;
  readonly imagePromptTokens: number | null;
  readonly imageCompletionTokens: number | null;
  /** As the sender wrote it. */
  readonly finishReason: string | null;
  readonly stream: boolean | null;
  readonly firstTokenMs: number | null;
  readonly failure: Failure | null;
  readonly serviceTier: string | null;
  /** LiteLLM answered from its own cache, so that nothing was spent. Null where nothing says so. */
  readonly cacheHit: boolean | null;
  readonly reportedCost: ReportedCost | null;
}

/** What somebody says that the call cost. Only a `client` reckons; the others charge. */
export interface ReportedCost {
  readonly usd: number;
  readonly by: 'provider' | 'gateway' | 'client';
}

/** Reads everything about the call from its span, by the mapping table and the emitters' known habits. */
export function readCall(reader: SpanReader, operation: Operation): CallFacts {
  const providerName = reader.text('provider');
  const provider = providerName === null ? null : normalizeProvider(providerName);
  const firstTokenMs = reader.number('firstTokenMs');
  const cachedTokens = reader.number('cachedTokens');
  const cacheWriteTokens = reader.number('cacheWriteTokens');
  const facts: CallFacts = {
    operation,
    provider,
    cachedTokens,
    cacheWriteTokens,
    firstTokenMs,
    requestModel: reader.text('requestModel') ?? openlitModel(reader),
    responseModel: reader.text('responseModel'),
    responseId: responseIdOf(reader),
    promptTokens: promptTokensOf(reader, provider, { cachedTokens, cacheWriteTokens }),
    completionTokens: reader.number('completionTokens'),
    cacheWrite1hTokens: reader.number('cacheWrite1hTokens'),
    reasoningTokens: reader.number('reasoningTokens'),
    audioPromptTokens: reader.number('audioPromptTokens'),
    cachedAudioPromptTokens: null,
    audioCompletionTokens: reader.number('audioCompletionTokens'),
    imagePromptTokens: null,
    imageCompletionTokens: null,
    finishReason: reader.text('finishReason'),
    stream: reader.flag('stream') ?? (firstTokenMs === null ? null : true),
    failure: readFailure(reader),
    serviceTier: reader.flag('isBatch') === true ? 'batch' : reader.text('serviceTier'),
    cacheHit: isLitellmCacheHit(reader),
    reportedCost: null,
  };
  return reader.span.name === 'raw_gen_ai_request' ? { ...facts, ...readLitellmRaw(reader.span) } : facts;
}

interface CacheTokens {
  readonly cachedTokens: number | null;
  readonly cacheWriteTokens: number | null;
}

function promptTokensOf(reader: SpanReader, provider: string | null, cache: CacheTokens): number | null {
  const scopeName = reader.span.scope.name;
  const hasInputTokenDetails = reader.span.attributes.has('ai.usage.inputTokenDetails.noCacheTokens');
  return inclusivePromptTokens({
    ...cache,
    promptTokens: reader.number('promptTokens'),
    isCacheOutside: isCacheOutsidePrompt({ scopeName, provider, hasInputTokenDetails }),
  });
}

/** LiteLLM puts its own call id into the response id when the call failed: that is no id of a response. */
function responseIdOf(reader: SpanReader): string | null {
  const id = reader.text('responseId');
  return id !== null && id === reader.attributeText('litellm.call_id') ? null : id;
}

function openlitModel({ span }: SpanReader): string | null {
  const [, model] = /^(?:chat|embeddings) (\S.*)$/.exec(span.name) ?? [];
  return model !== undefined && span.scope.name.startsWith('openlit.') ? model : null;
}

function isLitellmCacheHit(reader: SpanReader): boolean | null {
  const hidden = reader.parsed('hidden_params');
  if (typeof hidden !== 'object' || hidden === null || !('cache_key' in hidden)) return null;
  return typeof hidden.cache_key === 'string' && hidden.cache_key !== '' ? true : null;
}
