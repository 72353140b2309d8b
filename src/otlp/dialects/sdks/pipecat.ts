import { isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/** Pipecat: of a realtime model it writes the question and the answer as two spans, the usage on the second. */
export const PIPECAT: Dialect = {
  name: 'pipecat',
  classify(reader) {
    const isAsked =
      reader.span.scope.name === 'pipecat' && reader.attributeText('gen_ai.operation.name') === 'llm_request';
    return isAsked ? isNone('turn', 'what was asked of a realtime model, whose answer is a span of its own') : null;
  },
};
