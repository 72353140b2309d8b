import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const MODELS = ['openai.request.model', 'anthropic.request.model'] as const;

/** Datadog's tracers, whose spans a Collector or their own exporter hands on under their own names. */
export const DATADOG: Dialect = {
  name: 'datadog',
  usageTrust: 2,
  usage: [
    { prefix: 'openai.response.usage.' },
    { prefix: 'anthropic.response.usage.' },
    { prefix: 'langchain.tokens.' },
  ],
  /** LangChain's span lies around that of the SDK, and says the same. */
  classify({ span }) {
    const key = MODELS.find((each) => span.attributes.has(each));
    return key === undefined ? null : is('outer', 'chat', `${key} is there`);
  },
};
