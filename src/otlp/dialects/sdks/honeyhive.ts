import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const EVENT_TYPE = 'honeyhive_event_type';
const METADATA = 'honeyhive_metadata.';

/** Names that applications give to the counts of a call. */
const COUNTED =
  'prompt_tokens completion_tokens input_tokens output_tokens total_tokens cached_tokens cache_read_tokens reasoning_tokens'
    .split(' ')
    .map((name) => METADATA + name);

/**
 * HoneyHive: its decorator makes a span of a function that calls a model, into which the application writes what the
 * answer said. The instrumentations beside it carry the type of the event too.
 */
export const HONEYHIVE: Dialect = {
  name: 'honeyhive',
  keys: [EVENT_TYPE],
  usageTrust: 2,
  usage: [{ prefix: `${METADATA}usage.` }, { keys: COUNTED }],
  classify(reader) {
    const type = reader.attributeText(EVENT_TYPE);
    if (type === null) return null;
    return type === 'model' ? is('outer', 'chat', `${EVENT_TYPE} is model`) : isNone(type, `${EVENT_TYPE} is ${type}`);
  },
};
