import { type Classification, is, isNone, operationOf } from './classification.ts';
import { unquoted } from './read-value.ts';
import type { SpanReader } from './span-reader.ts';

/**
 * Reads an attribute by which an SDK says what kind of span it is: a word for a model call makes it one, any other word
 * that says something makes it none. Null where it is absent or says nothing.
 */
export function classifyByKind(reader: SpanReader, key: string): Classification | null {
  const kind = unquoted(reader.span.attributes.get(key))?.trim();
  if (kind === undefined || kind === '' || /^(?:unknown|span|default|custom|internal|other)$/i.test(kind)) return null;
  const operation = operationOf(kind);
  if (operation !== null) return is('call', operation, `${key} is ${kind}`);
  return isNone(kind, `${key} is ${kind}`);
}
