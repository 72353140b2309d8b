import type { Dialect } from '../dialect.ts';

/** Names as LiteLLM and Apigee's proxy have them, the provider before a slash, and not those of Google's resources. */
function isOfLitellm(model: string | null): boolean {
  const [first, second] = model?.split('/') ?? [];
  if (first === undefined || second === undefined) return false;
  if (first === 'apigee') return second === 'openai';
  return !/^(?:projects|publishers|models|tunedModels|endpoints)$/.test(first);
}

/** Google's Agent Development Kit: the convention's names, and Gemini's own answer with its usage as JSON. */
export const ADK: Dialect = {
  name: 'adk',
  usageTrust: 2,
  usage: [
    {
      object: 'gcp.vertex.agent.llm_response',
      paths: ['usage_metadata', 'usageMetadata', 'UsageMetadata'],
      as: 'json',
      isLate: true,
    },
    // For Go, whose call says nothing else of what it is.
    {
      keys: [
        'gen_ai.response.prompt_token_count',
        'gen_ai.response.candidates_token_count',
        'gen_ai.response.cached_content_token_count',
        'gen_ai.response.total_token_count',
      ],
    },
  ],
  /**
   * Its output is candidates and thoughts; older versions wrote the candidates, and the thoughts beside them under a
   * name of their own. Of a client whose completion holds its reasoning it takes the completion for the candidates.
   */
  habits({ reader, scopeName, model }) {
    if (scopeName !== 'gcp.vertex.agent') return null;
    const isOlder = reader.span.attributes.has('gen_ai.usage.experimental.reasoning_tokens');
    const isWhole = isOfLitellm(model);
    return { isReasoningOutside: isOlder && !isWhole, isReasoningTwice: isWhole && !isOlder };
  },
};
