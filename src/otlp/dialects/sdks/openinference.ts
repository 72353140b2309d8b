import { COPIED } from '../../usage/copied-answer.ts';
import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';
import { reportsCacheBeside } from '../vendor-counts.ts';

/** Its agent runs in a process of its own, so that the run is all that is seen of its calls. */
const CLAUDE_AGENT_SDK = 'openinference.instrumentation.claude_agent_sdk';

const OF_FRAMEWORKS: ReadonlySet<string> = new Set([
  'openinference.instrumentation.agno',
  'openinference.instrumentation.pipecat',
]);

/** OpenInference, the dialect of Phoenix and of Envoy's AI gateway. */
export const OPENINFERENCE: Dialect = {
  name: 'openinference',
  keys: ['openinference.span.kind'],
  usage: [
    { prefix: 'llm.token_count.' },
    // The answer as the API gave it tells parts for which there is no name.
    { object: 'output.value', paths: ['usage'], as: 'json', isLate: true, isAnswer: true, isPartsOnly: true },
    // Its processor for Strands puts what it does not translate into the metadata; once it was the cache.
    { object: 'metadata', below: 'gen_ai.usage.', as: 'json', isPartsOnly: true },
  ],
  classify(reader) {
    const kind = reader.attributeText('openinference.span.kind')?.trim().toUpperCase();
    if (kind === undefined || kind === 'UNKNOWN') return null;
    if (kind === 'EMBEDDING') return is('call', 'embeddings', 'openinference.span.kind is EMBEDDING');
    if (kind === 'AGENT' && reader.span.scope.name === CLAUDE_AGENT_SDK) {
      return is('outer', 'chat', 'a run of the Claude Agent SDK, whose calls have no spans');
    }
    if (kind !== 'LLM') return isNone(kind, `openinference.span.kind is ${kind}`);
    return isHelperOfLlamaIndex(reader)
      ? is('none', 'chat', 'a helper of LlamaIndex, which calls no model')
      : is('call', 'chat', 'openinference.span.kind is LLM');
  },
  /**
   * Of Bedrock it adds the three, but for Nova called otherwise than by Converse, whose counts it copies, the cache
   * beside the input. Of Agno and Pipecat it copies the framework's counts, which are those of each provider's API.
   */
  habits({ reader, scopeName, model, provider }) {
    if (scopeName === CLAUDE_AGENT_SDK) return COPIED;
    const isCopied =
      scopeName === 'openinference.instrumentation.bedrock'
        ? /nova/i.test(model ?? '') && !reader.span.name.includes('converse')
        : OF_FRAMEWORKS.has(scopeName) && reportsCacheBeside(provider, model);
    return isCopied ? COPIED : null;
  },
};

/** Its instrumentation of LiteLLM writes the text tokens of a prompt under a name that means cached ones. */
export function isMisnamed(key: string, scopeName: string): boolean {
  return (
    key === 'llm.token_count.prompt_details.cache_input' &&
    scopeName.startsWith('openinference.instrumentation.litellm')
  );
}

/**
 * LlamaIndex gives a span of kind LLM to every method of a class that is an LLM, those too that only prepare a call.
 * Others name their calls `__call__`.
 */
function isHelperOfLlamaIndex({ span }: SpanReader): boolean {
  const isHelper = /\.(?:_(?!_)|a?(?:prepare|get|parse|convert|validate|extend|update)_)\w*$/.test(span.name);
  return isHelper && (span.scope.name.includes('llama') || /\._(?!_)/.test(span.name));
}
