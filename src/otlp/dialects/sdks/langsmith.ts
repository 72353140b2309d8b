import type { Dialect } from '../dialect.ts';

/** LangSmith's exporter: the convention's names, and LangChain's usage with all its parts in metadata. */
export const LANGSMITH: Dialect = {
  name: 'langsmith',
  keys: ['langsmith.span.kind'],
  usageTrust: 2,
  usage: [
    { object: 'langsmith.metadata.usage_metadata', as: 'json' },
    // Where the SDK itself translates spans, those of voice agents among them.
    { object: 'langsmith.usage_metadata', as: 'json' },
  ],
};
