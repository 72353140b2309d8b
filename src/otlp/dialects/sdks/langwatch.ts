import type { Dialect } from '../dialect.ts';
import { classifyByKind } from '../span-kind.ts';

/** LangWatch: the kind of a span, and its counts as one object. */
export const LANGWATCH: Dialect = {
  name: 'langwatch',
  keys: ['langwatch.span.type'],
  usage: [{ object: 'langwatch.metrics', paths: ['value'], as: 'json' }],
  classify: (reader) => classifyByKind(reader, 'langwatch.span.type'),
};
