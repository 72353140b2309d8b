import { KIND_CLIENT } from '../../decode/trace-export.ts';
import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

const NAME = /^(chat|embeddings) (\S.*)$/;
const SCOPE = 'openlit.instrumentation.';

/** OpenLIT, which writes the convention's names but for its errors of Anthropic calls. */
export const OPENLIT: Dialect = {
  name: 'openlit',
  /** Its error spans of Anthropic calls carry nothing but their name. */
  classify({ span }) {
    const [, word] = NAME.exec(span.name) ?? [];
    if (word === undefined || span.kind !== KIND_CLIENT || !span.scope.name.startsWith(SCOPE)) return null;
    return is('call', word === 'chat' ? 'chat' : 'embeddings', `OpenLIT span named ${span.name}`);
  },
  /** It copies what Anthropic and Bedrock say, and adds up prompt and completion to a total of its own. */
  habits: ({ scopeName }) =>
    /^openlit\.instrumentation\.(?:anthropic|bedrock)/.test(scopeName)
      ? { isCacheOutside: true, isTotalMade: true }
      : null,
};

/** The model that the name of such a span tells. */
export function openlitModel(span: {
  readonly name: string;
  readonly scope: { readonly name: string };
}): string | null {
  const [, , model] = NAME.exec(span.name) ?? [];
  return model !== undefined && span.scope.name.startsWith('openlit.') ? model : null;
}
