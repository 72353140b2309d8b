import type { Dialect } from '../dialect.ts';
import { reportsCacheBeside } from '../vendor-counts.ts';

/** tRPC-Agent-Go writes these for Anthropic alone. */
const OF_ANTHROPIC = ['gen_ai.usage.input_tokens.cache_read', 'gen_ai.usage.input_tokens.cache_creation'];

/** Rig writes it always, of whatever provider. */
const OF_RIG = 'gen_ai.usage.tool_use_prompt_tokens';
/** TanStack AI numbers its calls; the tracer is the application's. */
const OF_TANSTACK = 'tanstack.ai.iteration';

/** Emitters with the convention's names and the counts of whatever API answered. */
export const COPIED_COUNTS: Dialect = {
  name: 'copied-counts',
  keys: [OF_TANSTACK],
  habits({ reader: { span }, scopeName, provider, model }) {
    if (scopeName === 'agentgateway') {
      const isClaudeOfCopilot = /copilot/.test(provider ?? '') && /claude/i.test(model ?? '');
      return { isCacheOutside: isClaudeOfCopilot || reportsCacheBeside(provider, model) };
    }
    const isGemini = provider === 'gcp.gemini' || provider === 'gcp.vertex_ai';
    if (span.attributes.has(OF_RIG)) return isGemini ? { isReasoningOutside: true } : null;
    if (span.attributes.has(OF_TANSTACK)) {
      const isCacheOutside = reportsCacheBeside(provider, model);
      return { isCacheOutside, isTotalMade: isCacheOutside, isReasoningOutside: isGemini };
    }
    if (scopeName !== 'trpc.agent.go') return null;
    return { isCacheOutside: OF_ANTHROPIC.some((key) => span.attributes.has(key)), isTotalMade: true };
  },
};
