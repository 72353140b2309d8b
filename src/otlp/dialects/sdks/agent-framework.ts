import type { Dialect } from '../dialect.ts';
import { reportsCacheBeside } from '../vendor-counts.ts';

/** Microsoft's Agent Framework: the convention's names, with the counts of whatever API its client talks to. */
export const AGENT_FRAMEWORK: Dialect = {
  name: 'agent-framework',
  habits: ({ scopeName, provider, model }) =>
    scopeName === 'agent_framework' ? { isCacheOutside: reportsCacheBeside(provider, model) } : null,
};
