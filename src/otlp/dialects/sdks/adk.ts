import type { Dialect } from '../dialect.ts';

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
  /** Older versions wrote the candidates as output and the thoughts beside them, under a name of their own. */
  habits({ reader, scopeName }) {
    if (scopeName !== 'gcp.vertex.agent') return null;
    return { isReasoningOutside: reader.span.attributes.has('gen_ai.usage.experimental.reasoning_tokens') };
  },
};
