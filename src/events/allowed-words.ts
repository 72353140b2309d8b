import type { TSchema } from 'typebox';

interface SchemaOfWords {
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly type?: string;
  readonly anyOf?: readonly SchemaOfWords[];
}

/** "must be one of a, b, c", where a schema takes nothing but some words (or null); the library names none of them. */
export function wordsComplaint(schema: TSchema | undefined): string | undefined {
  const words = allowedWords(schema);
  return words === undefined ? undefined : `must be one of ${words.join(', ')}`;
}

/** The words that a schema takes, null aside; undefined where it takes anything else. */
export function allowedWords(schema: SchemaOfWords | undefined): readonly string[] | undefined {
  if (schema?.type === 'null') return [];
  if (typeof schema?.const === 'string') return [schema.const];
  if (schema?.enum !== undefined) return schema.enum.filter((word) => typeof word === 'string');
  const alternatives = schema?.anyOf?.map(allowedWords);
  return alternatives?.every((words) => words !== undefined) ? alternatives.flat() : undefined;
}
