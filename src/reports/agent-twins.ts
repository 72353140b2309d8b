import type { ComparedCall } from './compared-call.ts';
import { endMsOf } from './trace-call.ts';
import { isEqualWhereKnown, isSameModel } from './twins.ts';

/** A record is written when its answer was read; the span may end before that, or when the agent is done with it. */
export const AGENT_END_MS_MAX = 2_000;

/**
 * How far the ends of an agent's log record and of its span lie apart, where both may be about one call; null where
 * they are two. Ends are compared, since a span may hold several attempts and a record the last of them.
 */
export function agentGapMs(a: ComparedCall, b: ComparedCall): number | null {
  if (a.agent === null || a.agent !== b.agent || a.process !== b.process || a.isLog === b.isLog) return null;
  const gapMs = Math.abs(endMsOf(a) - endMsOf(b));
  if (gapMs > AGENT_END_MS_MAX || !isSameModel(a, b) || !mayShareId(a.responseId, b.responseId)) return null;
  return a.isFailed && b.isFailed ? gapMs : isSameUsage(a, b) ? gapMs : null;
}

/** Ids of two kinds say nothing of each other: `req_…` is the id of a request, `msg_…` that of its answer. */
function mayShareId(a: string | null, b: string | null): boolean {
  return isEqualWhereKnown(a, b) || kindOf(a) !== kindOf(b);
}

function kindOf(id: string | null): string {
  return /^[a-z]+[_-]/i.exec(id ?? '')?.[0] ?? '';
}

/**
 * Spans may leave out the thoughts, or all: those of Gemini CLI know their usage only where its traces are switched on.
 */
function isSameUsage(a: ComparedCall, b: ComparedCall): boolean {
  if (a.isFailed === b.isFailed && (knowsNoUsage(a) || knowsNoUsage(b))) return true;
  if (!isSamePrompt(a, b)) return false;
  const [of, other] = [a.completionTokens, b.completionTokens];
  if (of === null || other === null || of === other) return true;
  return of - (a.reasoningTokens ?? 0) === other || other - (b.reasoningTokens ?? 0) === of;
}

/** Spans of Gemini CLI leave out, too, what tools put into the prompt. */
function isSamePrompt(a: ComparedCall, b: ComparedCall): boolean {
  const [log, span] = a.isLog ? [a, b] : [b, a];
  if (log.promptTokens === null || span.promptTokens === null) return false;
  return log.promptTokens === span.promptTokens || (log.agent === 'gemini-cli' && log.promptTokens > span.promptTokens);
}

function knowsNoUsage({ promptTokens, completionTokens }: ComparedCall): boolean {
  return promptTokens === null && completionTokens === null;
}
