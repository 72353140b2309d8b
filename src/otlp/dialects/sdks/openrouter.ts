import { isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';

/**
 * OpenRouter's broadcast: a span for the generation, with its model and tokens, and below it one for each provider that
 * was tried. These call themselves `chat` too, so that they would count in its place.
 */
export const OPENROUTER: Dialect = {
  name: 'openrouter',
  classify(reader) {
    const { scope, resource, name } = reader.span;
    if (scope.name !== 'openrouter' && resource.attributes.get('service.name') !== 'openrouter') return null;
    if (name === 'Test Generation') return isNone('test', "the button that tests OpenRouter's broadcast");
    if (isUsageTold(reader) || (isModelNamed(reader) && !name.startsWith('provider attempt '))) return null;
    return isNone('attempt', 'a provider that OpenRouter tried: its generation counts');
  },
};

function isModelNamed(reader: SpanReader): boolean {
  return reader.text('requestModel') !== null || reader.text('responseModel') !== null;
}

function isUsageTold(reader: SpanReader): boolean {
  return reader.span.attributes.keys.some((key) => key.startsWith('gen_ai.usage.'));
}
