import { errorKindOf } from '../../events/error-kind.ts';
import type { CallFacts } from '../call.ts';
import { classifyByDialect } from './dialects.ts';
import { errorSigns, type Failure, isMarkedFailed } from './failure.ts';
import type { SpanReader } from './span-reader.ts';

/**
 * Whether spans above may tell how a call failed: it failed and does not say why, or it has nothing of an answer and no word
 * of its end.
 */
export function isOpenToFailure({ failure, completionTokens, finishReason, responseId }: CallFacts): boolean {
  if (failure !== null) return failure.type === null && failure.message === null && failure.httpStatus === null;
  return completionTokens === null && finishReason === null && responseId === null;
}

/**
 * The failure of a call as the nearest failed span above it tells it. Only spans of the same world count: an agent or a step
 * fails with its call, a request that is served may fail for a hundred reasons.
 */
export function failureAbove(own: Failure | null, ancestors: readonly SpanReader[]): Failure | null {
  for (const reader of ancestors) {
    if (!isMarkedFailed(reader) || classifyByDialect(reader) === null) continue;
    const signs = errorSigns(reader);
    return { ...signs, kind: own?.kind === 'cancelled' ? 'cancelled' : errorKindOf(signs) };
  }
  return own;
}
