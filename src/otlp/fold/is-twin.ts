import type { CallFacts } from '../call.ts';
import type { OtlpResource, OtlpScope } from '../decode/trace-export.ts';

/** Two instrumentations of one call start within this. */
export const TWIN_START_MS_MAX = 25;
/** One interval lies inside the other but for this much. */
const TWIN_SLACK_MS = 5;

/** What of a call is compared with another one: as much of a candidate as is remembered after its export. */
export interface ComparedCall {
  readonly span: { readonly scope: OtlpScope; readonly resource: OtlpResource };
  readonly facts: ComparedFacts;
  readonly startMs: number;
  readonly durationMs: number | null;
}

export type ComparedFacts = Pick<
  CallFacts,
  'operation' | 'requestModel' | 'responseModel' | 'responseId' | 'promptTokens' | 'completionTokens'
>;

/** Whether two calls, by all that both say, may be one. */
export function isTwin(a: ComparedCall, b: ComparedCall): boolean {
  return (
    a.span.scope.name !== b.span.scope.name &&
    Math.abs(a.startMs - b.startMs) <= TWIN_START_MS_MAX &&
    (isInside(a, b) || isInside(b, a)) &&
    (a.facts.operation === 'embeddings') === (b.facts.operation === 'embeddings') &&
    isSameModel(a, b) &&
    isEqualWhereKnown(a.facts.responseId, b.facts.responseId) &&
    isEqualWhereKnown(a.facts.promptTokens, b.facts.promptTokens) &&
    isEqualWhereKnown(a.facts.completionTokens, b.facts.completionTokens) &&
    isSameProcess(a.span.resource, b.span.resource)
  );
}

/**
 * One export may carry replicas of a service that differ in nothing, for instance from a collector. Their calls
 * are alike and concurrent, so a time in common makes them twins only within one resource or one known process.
 */
function isSameProcess(a: OtlpResource, b: OtlpResource): boolean {
  return a === b || (a.isOneProcess && a.processKey === b.processKey);
}

function isInside(inner: ComparedCall, outer: ComparedCall): boolean {
  const innerEndMs = inner.startMs + (inner.durationMs ?? 0);
  const outerEndMs = outer.startMs + (outer.durationMs ?? 0);
  return inner.startMs >= outer.startMs - TWIN_SLACK_MS && innerEndMs <= outerEndMs + TWIN_SLACK_MS;
}

/** Langfuse knows one name only: the answered one, or on errors the asked one. */
function isSameModel({ facts: a }: ComparedCall, { facts: b }: ComparedCall): boolean {
  const names = [a.requestModel, a.responseModel].filter((name) => name !== null);
  return names.some((name) => name === b.requestModel || name === b.responseModel);
}

function isEqualWhereKnown<T>(a: T | null, b: T | null): boolean {
  return a === null || b === null || a === b;
}
