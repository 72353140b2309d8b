import type { Dialect } from '../dialect.ts';
import { reportsCacheBeside } from '../vendor-counts.ts';

/** tRPC-Agent-Go writes these for Anthropic alone. */
const OF_ANTHROPIC = ['gen_ai.usage.input_tokens.cache_read', 'gen_ai.usage.input_tokens.cache_creation'];

/** Emitters with the convention's names and the counts of whatever API answered. */
export const COPIED_COUNTS: Dialect = {
  name: 'copied-counts',
  habits({ reader: { span }, scopeName, provider, model }) {
    if (scopeName === 'agentgateway') {
      const isClaudeOfCopilot = /copilot/.test(provider ?? '') && /claude/i.test(model ?? '');
      return { isCacheOutside: isClaudeOfCopilot || reportsCacheBeside(provider, model) };
    }
    if (scopeName !== 'trpc.agent.go') return null;
    return { isCacheOutside: OF_ANTHROPIC.some((key) => span.attributes.has(key)), isTotalMade: true };
  },
};
