import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/** Agents that run in a program of their own, so that the run is all that is seen of its calls. */
const PROGRAMS = /^(?:anthropic\.claude|github\.copilot)$/;

/** Microsoft's Agent Framework: the convention's names, with the counts of whatever API its client talks to. */
export const AGENT_FRAMEWORK: Dialect = {
  name: 'agent-framework',
  classify(reader) {
    const isRun =
      reader.span.scope.name === 'agent_framework' &&
      reader.attributeText('gen_ai.operation.name') === 'invoke_agent' &&
      PROGRAMS.test(reader.attributeText('gen_ai.provider.name') ?? '');
    return isRun ? is('outer', 'chat', 'a run of an agent in a program of its own, whose calls have no spans') : null;
  },
};
