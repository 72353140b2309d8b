import type { OtlpSpan } from '../../decode/trace-export.ts';
import type { Dialect } from '../dialect.ts';
import { textFrom } from '../read-value.ts';
import type { SpanReader } from '../span-reader.ts';
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

/** Likewise: Microsoft's Agent Framework, AG2, Pipecat, and Spring AI, whose observations Spring Boot exports. */
const SCOPES: ReadonlySet<string> = new Set([
  'agent_framework',
  'opentelemetry.instrumentation.ag2',
  'org.springframework.boot',
  'pipecat',
]);

/** One of OpenCode's plugins, whose counts are disjoint, writes the cost beside them. */
const OF_OPENCODE = 'opencode.cost.usage';

/** Where in a Rust program a span was written. */
const TARGET = 'target';
const GENAI_TARGET = /^genai::/;

const VERSION = 'service.version';
const LANGUAGE = 'telemetry.sdk.language';

/** Emitters with the convention's names and the counts of whatever API answered. */
export const COPIED_COUNTS: Dialect = {
  name: 'copied-counts',
  keys: [...SIGNS, SEMANTICS, OF_OPENCODE, TARGET, VERSION, LANGUAGE],
  habits({ reader, scopeName, provider, model }) {
    const { span } = reader;
    if (scopeName === 'agentgateway') {
      const isClaudeOfCopilot = /copilot/.test(provider ?? '') && /claude/i.test(model ?? '');
      return { isCacheOutside: isOldGateway(span) && (isClaudeOfCopilot || reportsCacheBeside(provider, model)) };
    }
    if (span.attributes.has(OF_OPENCODE)) return { isCacheOutside: true, isReasoningOutside: true };
    // RubyLLM takes the cache out of the input, whatever the API says.
    if (scopeName.endsWith('::RubyLLM')) return { isCacheOutside: true };
    const isReasoningOutside = reportsThoughtsBeside(provider);
    if (span.attributes.has(OF_RIG)) return isReasoningOutside ? { isReasoningOutside } : null;
    if (reader.attributeText(SEMANTICS) === 'inclusive') return null;
    if (isCopier(reader, provider)) {
      const isCacheOutside = reportsCacheBeside(provider, model);
      return { isCacheOutside, isTotalMade: isCacheOutside, isReasoningOutside };
    }
    if (scopeName !== 'trpc.agent.go') return null;
    return { isCacheOutside: OF_ANTHROPIC.some((key) => span.attributes.has(key)), isTotalMade: true };
  },
};

function isCopier(reader: SpanReader, provider: string | null): boolean {
  const { span } = reader;
  if (SCOPES.has(span.scope.name) || isLangChainForElixir(span)) return true;
  // The crate genai adds the cache of Anthropic's API, and not that of Bedrock's.
  if (provider === 'aws.bedrock' && GENAI_TARGET.test(reader.attributeText(TARGET) ?? '')) return true;
  return SIGNS.some((key) => span.attributes.has(key)) || isInAnthropicsForm(reader);
}

/** A tracer's name that others may choose too, so that the language must agree. */
function isLangChainForElixir({ scope, resource }: OtlpSpan): boolean {
  return scope.name === 'langchain' && resource.attributes.get(LANGUAGE) === 'erlang';
}

/** Envoy's AI gateway adds the cache to what it answers in OpenAI's form, and copies what it answers in Anthropic's. */
function isInAnthropicsForm(reader: SpanReader): boolean {
  const isGateway = reader.span.scope.name === 'envoyproxy/ai-gateway' && !isOpenInference(reader);
  return isGateway && ANTHROPICS_REASON.test(reader.text('finishReason') ?? '');
}

const ANTHROPICS_REASON = /^(?:end_turn|max_tokens|stop_sequence|tool_use|pause_turn|refusal|compaction)$/;

function isOpenInference({ span }: SpanReader): boolean {
  return span.attributes.has('openinference.span.kind');
}

/** agentgateway copied the counts of the API before its version 1.5, and adds the cache to the input since. */
function isOldGateway({ resource }: OtlpSpan): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\b/.exec(textFrom(resource.attributes.get(VERSION)) ?? '') ?? [];
  return major !== undefined && (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 5));
}
