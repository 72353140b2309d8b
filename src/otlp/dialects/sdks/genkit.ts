import { is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';

/** Firebase Genkit: a span an action, the model's answer as JSON with its usage. */
export const GENKIT: Dialect = {
  name: 'genkit',
  keys: ['genkit:type', 'genkit:metadata:subtype', 'genkit:name', 'genkit:state'],
  usageTrust: 2,
  // The provider's own answer says more, where the plugin keeps it.
  usage: ['raw.usage', 'usage'].map((path) => ({
    object: 'genkit:output',
    paths: [path],
    as: 'json' as const,
    isLate: true,
  })),
  classify(reader) {
    const type = reader.attributeText('genkit:type');
    if (type === null) return null;
    const subtype = reader.attributeText('genkit:metadata:subtype');
    if (subtype === 'model' || subtype === 'background-model')
      return is('call', 'chat', `Genkit action of a ${subtype}`);
    if (subtype === 'embedder') return is('call', 'embeddings', 'Genkit action of an embedder');
    // The span around it repeats the usage, or adds up that of several turns.
    return isNone(subtype ?? type, `Genkit ${subtype ?? type}`);
  },
  /** Its plugins for Gemini and Vertex pass on what Google says: thoughts beside the answer. */
  habits({ reader }) {
    const name = reader.attributeText('genkit:name') ?? '';
    if (name === '') return null;
    return {
      isReasoningOutside: /^(?:googleai|vertexai|google)/i.test(name),
      isCacheOutside: /claude|anthropic/i.test(name),
    };
  },
};

/** The name of a model's action is that of its plugin and of the model: `googleai/gemini-2.5-flash`. */
export function genkitModel(reader: SpanReader): { readonly provider: string; readonly model: string } | null {
  const name = reader.attributeText('genkit:name');
  const slash = name?.indexOf('/') ?? -1;
  return name === null || slash <= 0 ? null : { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}
