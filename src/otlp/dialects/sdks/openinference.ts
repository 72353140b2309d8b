import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';

/** OpenInference, the dialect of Phoenix and of Envoy's AI gateway. */
export const OPENINFERENCE: Dialect = {
  name: 'openinference',
  keys: ['openinference.span.kind'],
  usage: [{ prefix: 'llm.token_count.' }],
  classify(reader) {
    const kind = reader.attributeText('openinference.span.kind')?.trim().toUpperCase();
    if (kind === undefined || kind === 'UNKNOWN') return null;
    if (kind === 'EMBEDDING') return is('call', 'embeddings', 'openinference.span.kind is EMBEDDING');
    if (kind !== 'LLM') return isNone(kind, `openinference.span.kind is ${kind}`);
    return isHelperOfLlamaIndex(reader)
      ? is('none', 'chat', 'a helper of LlamaIndex, which calls no model')
      : is('call', 'chat', 'openinference.span.kind is LLM');
  },
  /** Of Bedrock it copies what Nova says, which reports the cache beside the input; of Claude it adds the three. */
  habits: ({ scopeName, model }) =>
    scopeName === 'openinference.instrumentation.bedrock' && /nova/i.test(model ?? '')
      ? { isCacheOutside: true, isTotalMade: true }
      : null,
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
