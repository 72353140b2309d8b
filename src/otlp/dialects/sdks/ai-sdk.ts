import { type Classification, is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import { normalizeProvider } from '../provider.ts';
import { reportsCacheBeside, reportsThoughtsBeside } from '../vendor-counts.ts';

const CALL = /\.do(Generate|Stream|Embed)$/;
const OUTER = /^ai\.(generateText|streamText|generateObject|streamObject|embed|embedMany)$/;
const DETAILS = 'ai.usage.inputTokenDetails.noCacheTokens';

const LANGUAGE = 'telemetry.sdk.language';

/** Vercel's AI SDK, versions 4 to 6 and the legacy integration of 7. Version 7 speaks the convention. */
export const AI_SDK: Dialect = {
  name: 'ai-sdk',
  keys: ['ai.operationId', LANGUAGE],
  usage: [{ prefix: 'ai.usage.' }, { object: 'ai.response.providerMetadata', as: 'json', isPartsOnly: true }],
  classify(reader) {
    const operationId = reader.attributeText('ai.operationId');
    return operationId?.startsWith('ai.') === true ? byOperationId(operationId) : null;
  },
  /** Until version 5 the provider's number was passed on as it came; version 6 counts inclusively and sends details. */
  habits({ reader, scopeName, provider, model }) {
    if (scopeName !== 'ai' || reader.span.attributes.has(DETAILS)) return null;
    // For Python it adds what the cache of Anthropic gave to the input, and not what it took.
    if (reader.span.resource.attributes.get(LANGUAGE) === 'python') return { isWriteOutside: provider === 'anthropic' };
    const vendor = provider === 'gateway' ? vendorOf(model) : provider;
    const isCacheOutside = reportsCacheBeside(vendor, model);
    return {
      // Of Anthropic's numbers it made the total itself.
      isTotalMade: isCacheOutside && vendor !== 'aws.bedrock',
      isCacheOutside,
      isReasoningOutside: reportsThoughtsBeside(vendor),
    };
  },
};

/** Vercel's gateway hands on the counts of the vendor before the slash. */
function vendorOf(model: string | null): string | null {
  return normalizeProvider(model?.split('/', 1)[0] ?? null);
}

function byOperationId(operationId: string): Classification {
  const operation = /embed/i.test(operationId) ? 'embeddings' : 'chat';
  const role = CALL.test(operationId) ? 'call' : OUTER.test(operationId) ? 'outer' : 'none';
  return is(role, operation, `ai.operationId is ${operationId}`);
}
