import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const SUM_NAME = 'openclaw.model.usage';

/**
 * OpenClaw writes a span for each call, `openclaw.model.call` or `chat MODEL`, and beside them one that adds up what a
 * run used, which says that it is a chat too. Before it had spans of calls, that one was all, with names of its own.
 */
export const OPENCLAW: Dialect = {
  name: 'openclaw',
  keys: ['openclaw.model'],
  usage: [{ prefix: 'openclaw.tokens.' }],
  usageTrust: 2,
  classify({ span }) {
    if (span.name !== SUM_NAME || !span.attributes.has('openclaw.model')) return null;
    return span.attributes.has('gen_ai.operation.name')
      ? isNone('agent run', `${SUM_NAME} adds up the calls of a run`)
      : is('call', 'chat', `${SUM_NAME} of a version without spans of calls`);
  },
  habits: ({ reader: { span } }) =>
    span.attributes.has('openclaw.model') && !span.attributes.has('gen_ai.operation.name')
      ? { isCacheOutside: true }
      : null,
};
