import { is, isNone, operationOf } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const SPAN_TYPE = 'tfy.span_type';
const REQUEST_TYPE = 'tfy.model.request_type';

/**
 * TrueFoundry's gateway: a span for the request with what it used, and below it one of type `Model` for each try at a
 * provider, which says the same. A switch writes the convention's attributes beside its own, on both.
 */
export const TRUEFOUNDRY: Dialect = {
  name: 'truefoundry',
  keys: [SPAN_TYPE, REQUEST_TYPE],
  usage: [{ prefix: 'tfy.model.metric.' }],
  classify(reader) {
    const type = reader.attributeText(SPAN_TYPE);
    if (type === null) return null;
    const rule = `${SPAN_TYPE} is ${type}`;
    const request = type === 'Model' ? (reader.attributeText(REQUEST_TYPE) ?? 'chat') : type;
    const operation = operationOf(request) ?? (/^(?:agent|create_?model)_?response$/i.test(request) ? 'chat' : null);
    if (operation === null) return isNone(request, rule);
    return is(type === 'Model' ? 'call' : 'outer', operation, rule);
  },
};
