import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import { valueAt } from '../read-value.ts';

const ATTRIBUTES = 'braintrust.span_attributes';

/** Braintrust's SDKs, which put their records into JSON attributes. */
export const BRAINTRUST: Dialect = {
  name: 'braintrust',
  keys: [ATTRIBUTES],
  usageTrust: 2,
  usage: [{ object: 'braintrust.metrics', as: 'json' }, { prefix: 'braintrust.metrics.' }],
  classify(reader) {
    const type = valueAt(reader.parsed(ATTRIBUTES), 'type');
    if (typeof type !== 'string') return null;
    return is(type === 'llm' ? 'call' : 'none', 'chat', `${ATTRIBUTES} has the type ${type}`);
  },
};
