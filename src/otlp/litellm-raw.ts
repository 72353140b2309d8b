import { countFrom, textFrom } from './dialects/span-reader.ts';
import type { OtlpSpan } from './trace-export.ts';

/** What can be read from LiteLLM's copy of the wire request when its parent is not there. */
export interface LitellmRaw {
  readonly provider: string | null;
  readonly requestModel: string | null;
  readonly responseModel: string | null;
  readonly responseId: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedTokens: number | null;
  readonly reasoningTokens: number | null;
}

const RAW_KEY = /^llm\.([a-z0-9_]+)\.(?:usage|model|id)$/;

/** Whether a key is one of `llm.PROVIDER.usage`, `.model` and `.id`. */
export function isLitellmRawKey(key: string): boolean {
  return RAW_KEY.test(key);
}

/**
 * Reads `llm.PROVIDER.usage`, `.model` and `.id`. The usage is the repr of a Python dict (single quotes, None), so
 * counts are picked out by name instead of parsed. The model is the one that answered.
 */
export function readLitellmRaw({ attributes }: OtlpSpan): LitellmRaw {
  const provider =
    [...attributes.keys()].map((key) => RAW_KEY.exec(key)?.[1]).find((name) => name !== undefined) ?? null;
  const at = (name: string) => textFrom(attributes.get(`llm.${provider}.${name}`));
  const usage = at('usage') ?? '';
  const count = (...names: readonly string[]) => pythonCount(usage, names);
  const model = at('model');
  return {
    provider,
    requestModel: model,
    responseModel: model,
    responseId: at('id'),
    promptTokens: count('prompt_tokens', 'input_tokens'),
    completionTokens: count('completion_tokens', 'output_tokens'),
    cachedTokens: count('cached_tokens', 'cache_read_input_tokens'),
    reasoningTokens: count('reasoning_tokens'),
  };
}

function pythonCount(usage: string, names: readonly string[]): number | null {
  for (const name of names) {
    const digits = new RegExp(`['"]${name}['"]: ?(\\d+)`).exec(usage)?.[1];
    const count = countFrom(digits);
    if (count !== null) return count;
  }
  return null;
}
