import type { Dialect } from '../dialect.ts';
import { unquoted } from '../read-value.ts';
import { classifyByKind } from '../span-kind.ts';

/** Whose API the messages of a span are written as. */
const FORMAT = 'mlflow.message.format';

/** MLflow's tracing; its values are JSON, quotes included. */
export const MLFLOW: Dialect = {
  name: 'mlflow',
  keys: ['mlflow.spanType', FORMAT],
  usageTrust: 2,
  usage: [
    { object: 'mlflow.chat.tokenUsage', as: 'json' },
    // Older versions have no more than the provider's answer.
    { object: 'mlflow.spanOutputs', paths: ['usage', 'usage_metadata'], as: 'json', isLate: true },
  ],
  classify: (reader) => classifyByKind(reader, 'mlflow.spanType'),
  /** Of these APIs it copies the counts, which leave the cache out, and adds them up to a total. */
  habits({ reader }) {
    const format = unquoted(reader.span.attributes.get(FORMAT));
    return format === 'anthropic' || format === 'bedrock' ? { isCacheOutside: true, isTotalMade: true } : null;
  },
};
