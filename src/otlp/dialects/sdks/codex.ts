import { is } from '../classification.ts';
import type { Dialect } from '../dialect.ts';

/** The crate of Codex that wrote a span. */
const CODEX_TARGET = /^codex_/;

/**
 * Codex: some hundred spans a prompt, of which one has a call's usage without its model, and others repeat the sums of
 * a turn. Its log records are the calls.
 */
export const CODEX: Dialect = {
  name: 'codex',
  keys: ['target'],
  classify(reader) {
    const isCodex =
      reader.span.scope.name.startsWith('codex') || CODEX_TARGET.test(reader.attributeText('target') ?? '');
    return isCodex ? is('none', 'chat', 'a span of Codex: its log records are the calls') : null;
  },
};
