import { type Classification, is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const CALL = /\.do(Generate|Stream|Embed)$/;
const OUTER = /^ai\.(generateText|streamText|generateObject|streamObject|embed|embedMany)$/;
const DETAILS = 'ai.usage.inputTokenDetails.noCacheTokens';

/** Vercel's AI SDK, versions 4 to 6 and the legacy integration of 7. Version 7 speaks the convention. */
export const AI_SDK: Dialect = {
  name: 'ai-sdk',
  keys: ['ai.operationId'],
  usage: [{ prefix: 'ai.usage.' }, { object: 'ai.response.providerMetadata', as: 'json', isPartsOnly: true }],
  classify(reader) {
    const operationId = reader.attributeText('ai.operationId');
    return operationId?.startsWith('ai.') === true ? byOperationId(operationId) : null;
  },
  /** Until version 5 the provider's number was passed on as it came; version 6 counts inclusively and sends details. */
  habits({ reader, scopeName, provider }) {
    if (scopeName !== 'ai' || reader.span.attributes.has(DETAILS)) return null;
    return {
      // Of Anthropic's numbers it made the total itself.
      isTotalMade: provider === 'anthropic',
      isCacheOutside: provider === 'anthropic' || provider === 'aws.bedrock',
      isReasoningOutside: provider === 'gcp.gemini' || provider === 'gcp.vertex_ai',
    };
  },
};

function byOperationId(operationId: string): Classification {
  const operation = /embed/i.test(operationId) ? 'embeddings' : 'chat';
  const role = CALL.test(operationId) ? 'call' : OUTER.test(operationId) ? 'outer' : 'none';
  return is(role, operation, `ai.operationId is ${operationId}`);
}
