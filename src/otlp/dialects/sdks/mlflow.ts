import type { Dialect } from '../dialect.ts';
import { classifyByKind } from '../span-kind.ts';

/** MLflow's tracing; its values are JSON, quotes included. */
export const MLFLOW: Dialect = {
  name: 'mlflow',
  keys: ['mlflow.spanType'],
  usageTrust: 2,
  usage: [
    { object: 'mlflow.chat.tokenUsage', as: 'json' },
    // Older versions have no more than the provider's answer.
    { object: 'mlflow.spanOutputs', paths: ['usage', 'usage_metadata'], as: 'json', isLate: true, isAnswer: true },
  ],
  classify: (reader) => classifyByKind(reader, 'mlflow.spanType'),
};
