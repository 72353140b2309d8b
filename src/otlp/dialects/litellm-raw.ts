import type { OtlpSpan } from '../decode/trace-export.ts';
import { reprCounts } from './python-repr.ts';
import { countFrom, textFrom } from './span-reader.ts';
import { inclusivePromptTokens } from './token-counts.ts';

/** What can be read from LiteLLM's copy of the wire request when its parent is not there. */
export interface LitellmRaw {
  readonly provider: string | null;
  readonly requestModel: string | null;
  readonly responseModel: string | null;
  readonly responseId: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly reasoningTokens: number | null;
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
  // Reversed, so that of two counts with the same name the first one stays.
  const counts = new Map(
    [...reprCounts(at('usage') ?? '')].toReversed().map(([path, found]) => [lastName(path), found]),
  );
  const count = (...names: readonly string[]) =>
    names.map((name) => countFrom(counts.get(name))).find((found) => found !== null) ?? null;
  const model = at('model');
  const cachedTokens = count('cached_tokens', 'cache_read_input_tokens');
  const cacheWriteTokens = count('cache_creation_input_tokens');
  const isCacheOutside = counts.has('input_tokens') && counts.has('cache_read_input_tokens');
  const promptTokens = count('prompt_tokens', 'input_tokens');
  return {
    provider,
    requestModel: model,
    responseModel: model,
    responseId: at('id'),
    promptTokens: inclusivePromptTokens({ promptTokens, cachedTokens, cacheWriteTokens, isCacheOutside }),
    completionTokens: count('completion_tokens', 'output_tokens'),
    cachedTokens,
    cacheWriteTokens,
    reasoningTokens: count('reasoning_tokens'),
  };
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
