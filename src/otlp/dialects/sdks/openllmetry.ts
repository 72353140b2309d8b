import { is, isNone, operationOf } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/** OpenLLMetry (Traceloop) and others that kept its first names. */
export const OPENLLMETRY: Dialect = {
  name: 'openllmetry',
  keys: ['llm.request.type', 'traceloop.span.kind'],
  // Langtrace wrote its counts as one object.
  usage: [{ prefix: 'llm.usage.' }, { object: 'llm.token.counts', as: 'json' }],
  classify(reader) {
    const requestType = reader.attributeText('llm.request.type');
    const operation = requestType === null ? null : operationOf(requestType);
    if (operation !== null && reader.attributeText('gen_ai.request.model') !== null) {
      return is('call', operation, `llm.request.type is ${requestType}`);
    }
    const kind = reader.attributeText('traceloop.span.kind');
    return kind === null ? null : isNone(kind, `traceloop.span.kind is ${kind}`);
  },
  /** For Node.js it copies Anthropic's number; for Python it adds the three. */
  habits: ({ scopeName }) =>
    scopeName.startsWith('@traceloop/instrumentation-anthropic') ? { isCacheOutside: true, isTotalMade: true } : null,
};
