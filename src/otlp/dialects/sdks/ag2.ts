import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const SPAN_TYPE = 'ag2.span.type';
const USAGE_KIND = 'ag2.usage.kind';

/**
 * AG2 copies the counts of whatever API answered. Beside its calls it accounts for all that was used: each call once
 * more, and what has no span of a call, which is the work of others and what keeps the history short.
 */
export const AG2: Dialect = {
  name: 'ag2',
  keys: [SPAN_TYPE, USAGE_KIND],
  classify(reader) {
    if (reader.attributeText(SPAN_TYPE) !== 'usage') return null;
    const kind = reader.attributeText(USAGE_KIND) ?? '';
    const rule = `${USAGE_KIND} is ${kind}`;
    return kind === 'model_call' ? isNone('usage', `${rule}: its span is beside`) : is('call', 'chat', rule);
  },
};
