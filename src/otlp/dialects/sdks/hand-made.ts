import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';

/** Parts of the name of a count, as `llm.cache_read_tokens`. */
const COUNTED = (
  'input output prompt completion total reasoning cached cached_input cache_read cache_write cache_creation ' +
  'cache_read_input cache_write_input cache_creation_input'
).split(' ');

/**
 * What applications write of a call by hand, and SDKs with names of their own: `llm.model` beside `llm.input_tokens` or
 * `llm.tokens.prompt`, or no prefix at all. Such a span does not say what it is: it may be a sum of calls below it.
 */
export const HAND_MADE: Dialect = {
  name: 'hand-made',
  usageTrust: 2,
  usage: [
    { prefix: 'llm.tokens.' },
    { prefix: 'llm.token_usage.' },
    { prefix: 'ai.tokens.' },
    { prefix: 'gen_ai.tokens.' },
    { keys: COUNTED.map((name) => `llm.${name}_tokens`) },
    { keys: COUNTED.map((name) => `${name}_tokens`), when: isOfModel },
    // Judgment's SDK, agentUniverse, and how long Claude's cache lasts, as Dash0's plugins for coding agents tell.
    { prefix: 'judgment.usage.' },
    { prefix: 'au.llm.usage.' },
    { prefix: 'dash0.gen_ai.usage.' },
  ],
};

/** Names without a prefix mean a model's tokens beside the name of one. Coding agents say what their spans are. */
function isOfModel(reader: SpanReader): boolean {
  return reader.attributeText('model') !== null && reader.attributeText('span.type') === null;
}
