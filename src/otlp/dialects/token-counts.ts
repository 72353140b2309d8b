/** Tokens as they were reported; null is unknown and must never become 0. */
export interface PromptTokenReport {
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  readonly cacheWriteTokens: number | null;
  /** True where the emitter is known to report prompt tokens without the cached ones. */
  readonly isCacheOutside: boolean;
}

/**
 * Prompt tokens with the cached ones inside, as StreamLens counts.
 *
 * Reads and writes of the cache are parts of the prompt. Where they are more than the prompt, the emitter left
 * them out for certain, whoever it is; else the emitter's name decides. With an Anthropic prompt of 14 fresh,
 * 1024 read and 256 written tokens the answer is 1294, reported as 1294 by most and as 14 by some.
 */
export function inclusivePromptTokens(report: PromptTokenReport): number | null {
  const { promptTokens, cachedTokens, cacheWriteTokens, isCacheOutside } = report;
  if (promptTokens === null) return null;
  const cacheTokens = (cachedTokens ?? 0) + (cacheWriteTokens ?? 0);
  return isCacheOutside || cacheTokens > promptTokens ? promptTokens + cacheTokens : promptTokens;
}

export interface Emitter {
  readonly scopeName: string;
  readonly provider: string | null;
  /** `ai.usage.inputTokenDetails.*` is there: AI SDK 6 and later, which counts inclusively. */
  readonly hasInputTokenDetails: boolean;
}

/** Scopes that copy Anthropic's or Bedrock's number, which leaves the cache out. */
const CACHE_OUTSIDE_SCOPES = [
  'openlit.instrumentation.anthropic',
  'openlit.instrumentation.bedrock',
  '@traceloop/instrumentation-anthropic',
];

/** Whether this emitter reports prompt tokens without cached ones, by what its code does. */
export function isCacheOutsidePrompt({ scopeName, provider, hasInputTokenDetails }: Emitter): boolean {
  if (CACHE_OUTSIDE_SCOPES.some((scope) => scopeName.startsWith(scope))) return true;
  const isRawProviderCount = provider === 'anthropic' || provider === 'aws.bedrock';
  return scopeName === 'ai' && isRawProviderCount && !hasInputTokenDetails;
}
