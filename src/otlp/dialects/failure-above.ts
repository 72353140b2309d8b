import { errorKindOf } from '../../events/error-kind.ts';
import { classifyByDialect } from './dialects.ts';
import { errorSigns, type Failure, isMarkedFailed } from './failure.ts';
import type { SpanReader } from './span-reader.ts';

/**
 * What a span that is no call tells of a failure, for calls below it that do not say how they ended. Only spans of the
 * same world count: an agent or a step fails with its call, a request that is served may fail for a hundred reasons.
 */
export function failureAround(reader: SpanReader): Failure | null {
  if (!isMarkedFailed(reader) || classifyByDialect(reader) === null) return null;
  const signs = errorSigns(reader);
  return { ...signs, kind: errorKindOf(signs) };
}
