import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/**
 * Mastra's exporters: `model_inference` is the call in newer versions, and `model_generation` above it was in older
 * ones.
 */
export const MASTRA: Dialect = {
  name: 'mastra',
  keys: ['mastra.span.type'],
  classify(reader) {
    const type = reader.attributeText('mastra.span.type');
    if (type === null) return null;
    if (type === 'rag_embedding') return is('call', 'embeddings', 'mastra.span.type is rag_embedding');
    if (type === 'model_inference') return is('call', 'chat', 'mastra.span.type is model_inference');
    if (type === 'model_generation' || type === 'llm_generation')
      return is('outer', 'chat', `mastra.span.type is ${type}`);
    return isNone(type, `mastra.span.type is ${type}`);
  },
};
