import { countFrom, valueAt } from '../dialects/read-value.ts';
import type { UsageHabits } from './settle-usage.ts';
import type { UsageCounts } from './usage-counts.ts';

/** Who wrote the input of the answer has left out what its cache gave and took, in any total of its own too. */
export const COPIED: Partial<UsageHabits> = { isCacheOutside: true, isTotalMade: true };

/**
 * Whether the prompt is the input of the answer as the APIs of Anthropic and Bedrock tell it, beside which their cache
 * lies. Instrumentations that added the cache have a larger one; some did only from a certain version on.
 *
 * @param answered the usage in the provider's own answer
 */
export function isCopiedAnswer({ prompt }: UsageCounts, answered: unknown): boolean {
  if (prompt === undefined || OF_OPENAI.some((name) => valueAt(answered, name) !== undefined)) return false;
  return VOCABULARIES.some(({ input, cache }) => {
    const cacheTokens = cache.reduce((sum, name) => sum + (countFrom(valueAt(answered, name)) ?? 0), 0);
    return cacheTokens > 0 && prompt === countFrom(valueAt(answered, input));
  });
}

const VOCABULARIES = [
  { input: 'input_tokens', cache: ['cache_read_input_tokens', 'cache_creation_input_tokens'] },
  { input: 'inputTokens', cache: ['cacheReadInputTokens', 'cacheWriteInputTokens'] },
] as const;

/** Gateways that answer as OpenAI does may add Anthropic's names: the cache lies inside then. */
const OF_OPENAI = ['input_tokens_details', 'prompt_tokens'] as const;
