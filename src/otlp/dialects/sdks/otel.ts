import { is, isNoCallWord, isNone, operationOf } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/** OpenTelemetry's convention, and what its own instrumentations do otherwise. */
export const OTEL: Dialect = {
  name: 'otel',
  keys: ['gen_ai.operation.name'],
  usage: [
    { prefix: 'gen_ai.usage.' },
    { prefix: 'anthropic.usage.' },
    { prefix: 'codex.usage.' },
    { prefix: 'archestra.usage.' },
    { object: 'gen_ai.output.messages', as: 'messages', isLate: true },
    // Semantic Kernel wrote them so before the convention had names; so did Microsoft.Extensions.AI, and Portkey does.
    {
      keys: [
        'gen_ai.response.prompt_tokens',
        'gen_ai.response.completion_tokens',
        'gen_ai.response.input_tokens',
        'gen_ai.response.output_tokens',
        'gen_ai.response.total_tokens',
      ],
    },
  ],
  classify(reader) {
    const named = reader.attributeText('gen_ai.operation.name')?.trim();
    if (named === undefined || named === '') return null;
    const operation = operationOf(named);
    if (operation !== null) return is('call', operation, `gen_ai.operation.name is ${named}`);
    return isNoCallWord(named) ? isNone(named, `gen_ai.operation.name is ${named}`) : null;
  },
  /**
   * Its instrumentation of Bedrock copies the counts of the API, which reports the cache beside the input. So does
   * OpenLLMetry's, which makes a total of its own of prompt and completion.
   */
  habits: ({ scopeName }) =>
    /botocore|bedrock|aws-sdk/.test(scopeName) && !scopeName.startsWith('openinference')
      ? { isCacheOutside: true, isTotalMade: true }
      : null,
};
