import type { ComparedCall } from './compared-call.ts';
import { endMsOf } from './trace-call.ts';

/**
 * Two instrumentations of one call start within this where both know its usage and agree: a framework may prepare for
 * hundreds of ms before its SDK begins (f01 of the captures: 230 ms).
 */
export const TWIN_START_MS_MAX = 350;
/** And within this where nothing but the time speaks for it, as of failed calls. */
const BARE_TWIN_START_MS_MAX = 25;
/** One interval lies inside the other but for this much. */
const SLACK_MS = 5;

/** How far the end of a Logfire stream's opening and the start of its reading may lie apart. */
const STREAM_GAP_MS_MAX = 60_000;

/** How far apart two calls are that may be one, by all that both say; null where they are two. */
export function twinGapMs(a: ComparedCall, b: ComparedCall): number | null {
  const gapMs = Math.abs(a.startMs - b.startMs);
  // The records of an agent are found by their session (`agent-twins.ts`).
  if (isAgentLog(a) || isAgentLog(b)) return null;
  // Other records are found by the end of their call (`record-gap.ts`).
  if (a.record !== null || b.record !== null) return null;
  if (gapMs > TWIN_START_MS_MAX || a.scope === b.scope || a.role === 'end' || b.role === 'end') return null;
  const agreed = usageAgreement(a, b);
  if (agreed === 'differs' || (agreed === 'unknown' && gapMs > BARE_TWIN_START_MS_MAX)) return null;
  const isOne =
    isSameOrigin(a, b, agreed) &&
    a.isEmbeddings === b.isEmbeddings &&
    isEqualWhereKnown(a.responseId, b.responseId) &&
    isEqualWhereKnown(a.tenant, b.tenant) &&
    isSameModel(a, b) &&
    isNested(a, b);
  return isOne ? gapMs : null;
}

/** Whether nobody reports both, and they are of one tenant as far as anybody says. */
export function mayBeTwins(a: ComparedCall, b: ComparedCall): boolean {
  return a.scope !== b.scope && isEqualWhereKnown(a.tenant, b.tenant);
}

/** Whether two calls that name one response were under way at once, and so are one whatever else they say. */
export function isSameResponse(a: ComparedCall, b: ComparedCall): boolean {
  return a.scope !== b.scope && a.isEmbeddings === b.isEmbeddings && isSameOrigin(a, b, 'agrees') && isNested(a, b);
}

/**
 * From the headers of a stream to its first reading; null where the end belongs to another opening. Both have the same
 * scope, model and request, and are of one process.
 */
export function streamGapMs(opening: ComparedCall, end: ComparedCall): number | null {
  const gapMs = end.startMs - endMsOf(opening);
  const isOne =
    opening.role === 'opening' &&
    end.role === 'end' &&
    gapMs >= -SLACK_MS &&
    gapMs < STREAM_GAP_MS_MAX &&
    opening.scope === end.scope &&
    opening.requestModel === end.requestModel &&
    opening.requestDigest === end.requestDigest &&
    opening.process === end.process;
  return isOne ? gapMs : null;
}

/** Of calls that one response id may make one: what both count, or nothing. */
export function usageAgreement(a: ComparedCall, b: ComparedCall): 'agrees' | 'differs' | 'unknown' {
  if (!isSamePrompt(a, b)) return 'differs';
  if (!isEqualWhereKnown(a.completionTokens, b.completionTokens)) return 'differs';
  const isKnown = (x: number | null, y: number | null): boolean => x !== null && x > 0 && y !== null;
  const agrees = isKnown(a.completionTokens, b.completionTokens) || isKnown(a.promptTokens, b.promptTokens);
  return agrees ? 'agrees' : 'unknown';
}

/**
 * Monocle copies what Claude's API says of its input and of what the cache gave, and leaves out what the cache took, so
 * that its prompt is too small by that beside the SDK's own span.
 */
function isSamePrompt(a: ComparedCall, b: ComparedCall): boolean {
  if (isEqualWhereKnown(a.promptTokens, b.promptTokens)) return true;
  const isSameAnswer =
    a.completionTokens !== null && a.completionTokens > 0 && a.completionTokens === b.completionTokens;
  return isSameAnswer && (isWithoutWritten(a, b) || isWithoutWritten(b, a));
}

function isWithoutWritten(less: ComparedCall, whole: ComparedCall): boolean {
  if (less.writtenTokens !== null || whole.writtenTokens === null || whole.promptTokens === null) return false;
  return less.promptTokens === whole.promptTokens - whole.writtenTokens;
}

/**
 * Calls of a process that nothing names are alike and concurrent on all replicas of a service: a time in common says
 * nothing about them. Within a trace two processes may report one call, the application and its gateway; then the usage
 * has to agree.
 */
function isSameOrigin(a: ComparedCall, b: ComparedCall, agreed: 'agrees' | 'unknown'): boolean {
  if (a.process === b.process && isNamed(a.process)) return true;
  return a.traceId === b.traceId && agreed === 'agrees';
}

/** Whether anything tells the process from others. */
export function isNamed(process: string): boolean {
  return process.trim() !== '';
}

function isAgentLog({ agent, isLog }: ComparedCall): boolean {
  return isLog && agent !== null;
}

function isNested(a: ComparedCall, b: ComparedCall): boolean {
  return isInside(a, b) || isInside(b, a);
}

function isInside(inner: ComparedCall, outer: ComparedCall): boolean {
  return inner.startMs >= outer.startMs - SLACK_MS && endMsOf(inner) <= endMsOf(outer) + SLACK_MS;
}

/** Langfuse knows one name only: the answered one, or on errors the asked one. */
export function isSameModel(a: ComparedCall, b: ComparedCall): boolean {
  const names = [a.requestModel, a.answeredModel].filter((name) => name !== null);
  return names.some((name) => name === b.requestModel || name === b.answeredModel);
}

export function isEqualWhereKnown<T>(a: T | null, b: T | null): boolean {
  return a === null || b === null || a === b;
}
