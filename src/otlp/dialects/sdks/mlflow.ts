import type { Dialect } from '../dialect.ts';
import { unquoted, valueAt } from '../read-value.ts';
import { classifyByKind } from '../span-kind.ts';

/** Whose API the messages of a span are written as. */
const FORMAT = 'mlflow.message.format';
const TOKENS = 'mlflow.chat.tokenUsage';

/** MLflow's tracing; its values are JSON, quotes included. */
export const MLFLOW: Dialect = {
  name: 'mlflow',
  keys: ['mlflow.spanType', FORMAT],
  usageTrust: 2,
  usage: [
    { object: TOKENS, as: 'json' },
    // Older versions have no more than the provider's answer.
    { object: 'mlflow.spanOutputs', paths: ['usage', 'usage_metadata'], as: 'json', isLate: true },
  ],
  classify: (reader) => classifyByKind(reader, 'mlflow.spanType'),
  /**
   * Of Anthropic's API it adds the cache to the input. For a few versions it did not, but made a total all the same:
   * then its input is that of the answer itself.
   */
  habits({ reader }) {
    if (unquoted(reader.span.attributes.get(FORMAT)) !== 'anthropic') return null;
    const answered = valueAt(reader.parsed('mlflow.spanOutputs'), 'usage.input_tokens');
    const isCopied = answered !== undefined && answered === valueAt(reader.parsed(TOKENS), 'input_tokens');
    return isCopied ? { isCacheOutside: true, isTotalMade: true } : null;
  },
};
