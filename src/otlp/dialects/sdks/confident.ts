import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const SPAN_TYPE = 'confident.span.type';

/** Confident AI (DeepEval): names that applications write by hand, maybe around a call that another SDK reports. */
export const CONFIDENT: Dialect = {
  name: 'confident',
  keys: [SPAN_TYPE],
  usage: [{ keys: ['confident.llm.input_token_count', 'confident.llm.output_token_count'] }],
  classify(reader) {
    const type = reader.attributeText(SPAN_TYPE);
    if (type === null) return null;
    return type === 'llm' ? is('outer', 'chat', `${SPAN_TYPE} is llm`) : isNone(type, `${SPAN_TYPE} is ${type}`);
  },
};
