import type { OtlpSpan } from '../../decode/trace-export.ts';
import type { Dialect } from '../dialect.ts';
import { reportsCacheBeside, reportsThoughtsBeside } from '../vendor-counts.ts';

/** tRPC-Agent-Go writes these for Anthropic alone. */
const OF_ANTHROPIC = ['gen_ai.usage.input_tokens.cache_read', 'gen_ai.usage.input_tokens.cache_creation'];

/** Rig writes it always, of whatever provider. */
const OF_RIG = 'gen_ai.usage.tool_use_prompt_tokens';
/** TanStack AI numbers its calls; the tracer is the application's. */
const OF_TANSTACK = 'tanstack.ai.iteration';

/** Grafana's SDK numbers what is generated, and says where the counts are the convention's. */
const OF_GRAFANA = ['agento11y.generation.id', 'sigil.generation.id'];
const SEMANTICS = 'gen_ai.token.semantics';

/** ReqLLM numbers its requests; the tracer is the application's. */
const OF_REQ_LLM = 'req_llm.request_id';
/** Signs of those that pass on what the API says: its cache beside the input, Gemini's thoughts beside the output. */
const SIGNS = [OF_TANSTACK, OF_REQ_LLM, ...OF_GRAFANA];

/** One of OpenCode's plugins, whose counts are disjoint, writes the cost beside them. */
const OF_OPENCODE = 'opencode.cost.usage';

/** A tracer's name that others may choose too, so that the language must agree. */
function isLangChainForElixir({ scope, resource }: OtlpSpan): boolean {
  return scope.name === 'langchain' && resource.attributes.get('telemetry.sdk.language') === 'erlang';
}

/** Emitters with the convention's names and the counts of whatever API answered. */
export const COPIED_COUNTS: Dialect = {
  name: 'copied-counts',
  keys: [...SIGNS, SEMANTICS, OF_OPENCODE],
  habits({ reader, scopeName, provider, model }) {
    const { span } = reader;
    if (scopeName === 'agentgateway') {
      const isClaudeOfCopilot = /copilot/.test(provider ?? '') && /claude/i.test(model ?? '');
      return { isCacheOutside: isClaudeOfCopilot || reportsCacheBeside(provider, model) };
    }
    if (span.attributes.has(OF_OPENCODE)) return { isCacheOutside: true, isReasoningOutside: true };
    // RubyLLM takes the cache out of the input, whatever the API says.
    if (scopeName.endsWith('::RubyLLM')) return { isCacheOutside: true };
    const isReasoningOutside = reportsThoughtsBeside(provider);
    if (span.attributes.has(OF_RIG)) return isReasoningOutside ? { isReasoningOutside } : null;
    if (reader.attributeText(SEMANTICS) === 'inclusive') return null;
    if (isLangChainForElixir(span) || SIGNS.some((key) => span.attributes.has(key))) {
      const isCacheOutside = reportsCacheBeside(provider, model);
      return { isCacheOutside, isTotalMade: isCacheOutside, isReasoningOutside };
    }
    if (scopeName !== 'trpc.agent.go') return null;
    return { isCacheOutside: OF_ANTHROPIC.some((key) => span.attributes.has(key)), isTotalMade: true };
  },
};
