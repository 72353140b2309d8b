import { KIND_CLIENT } from '../../decode/trace-export.ts';
import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const NAME = /^(chat|embeddings) (\S.*)$/;
const SCOPE = 'openlit.instrumentation.';
/** In Python and in Node.js. */
const INSTRUMENTED =
  /^(?:openlit\.instrumentation\.|@openlit\/instrumentation-)(anthropic|bedrock|google_ai_studio|google-ai)/;

/** OpenLIT, which writes the convention's names but for its errors of Anthropic calls. */
export const OPENLIT: Dialect = {
  name: 'openlit',
  /** Its error spans of Anthropic calls carry nothing but their name. */
  classify({ span }) {
    const [, word] = NAME.exec(span.name) ?? [];
    if (word === undefined || span.kind !== KIND_CLIENT || !span.scope.name.startsWith(SCOPE)) return null;
    return is('call', word === 'chat' ? 'chat' : 'embeddings', `OpenLIT span named ${span.name}`);
  },
  /**
   * It copies what Anthropic and Bedrock say, and adds up prompt and completion to a total of its own; of Gemini it has
   * the thoughts beside the candidates and no total.
   */
  habits({ scopeName }) {
    const [, vendor] = INSTRUMENTED.exec(scopeName) ?? [];
    if (vendor === undefined) return null;
    return vendor.startsWith('google') ? { isReasoningOutside: true } : { isCacheOutside: true, isTotalMade: true };
  },
};

/** The model that the name of such a span tells. */
export function openlitModel(span: {
  readonly name: string;
  readonly scope: { readonly name: string };
}): string | null {
  const [, , model] = NAME.exec(span.name) ?? [];
  return model !== undefined && span.scope.name.startsWith('openlit.') ? model : null;
}
