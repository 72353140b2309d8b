import type { Dialect } from '../dialect.ts';

/** Google's Agent Development Kit: the convention's names, and Gemini's own answer with its usage as JSON. */
export const ADK: Dialect = {
  name: 'adk',
  usageTrust: 2,
  usage: [
    {
      object: 'gcp.vertex.agent.llm_response',
      paths: ['usage_metadata', 'usageMetadata'],
      as: 'json',
      isLate: true,
    },
  ],
  /** Older versions wrote the candidates as output and the thoughts beside them, under a name of their own. */
  habits({ reader, scopeName }) {
    if (scopeName !== 'gcp.vertex.agent') return null;
    return { isReasoningOutside: reader.span.attributes.has('gen_ai.usage.experimental.reasoning_tokens') };
  },
};
