import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import { unquoted } from '../read-value.ts';

const TYPE = 'langfuse.observation.type';
const USAGE = 'langfuse.observation.usage_details';

/** Langfuse's SDKs for Python and JavaScript, and applications that set its attributes by hand. */
export const LANGFUSE: Dialect = {
  name: 'langfuse',
  keys: [TYPE, 'langfuse.observation.level'],
  // Set by the application, or by an integration that wraps the call: better than what a framework guesses.
  usageTrust: 0,
  usage: [{ object: USAGE, as: 'json' }, { prefix: `${USAGE}.` }],
  classify(reader) {
    const type = unquoted(reader.span.attributes.get(TYPE))?.toLowerCase() ?? null;
    if (type === null) return null;
    if (type === 'embedding') return is('call', 'embeddings', `${TYPE} is embedding`);
    if (type === 'generation') return is('call', 'chat', `${TYPE} is generation`);
    // Its SDK makes a span of whatever runs; one with a model's usage is a generation to Langfuse too.
    return type === 'span' && reader.span.attributes.has(USAGE) ? null : isNone(type, `${TYPE} is ${type}`);
  },
};
