import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const USAGE = 'usage_details_json';

/** Goose: a span of Rust's `tracing` for each call, with names without a prefix, and the cache inside its input. */
export const GOOSE: Dialect = {
  name: 'goose',
  keys: ['observation_type'],
  usage: [{ object: USAGE, as: 'json' }],
  classify(reader) {
    const isCall =
      reader.span.name === 'provider_generation' && reader.attributeText('observation_type') === 'GENERATION';
    return isCall ? is('call', 'chat', 'observation_type is GENERATION') : null;
  },
};
