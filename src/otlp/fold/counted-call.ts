import { AttributeList } from '../decode/attribute-list.ts';
import type { Attributes, OtlpSpan } from '../decode/trace-export.ts';
import { type Candidate, requestIdOf } from './candidate.ts';
import { isOpening } from './fold-logfire.ts';
import type { ComparedCall, ComparedFacts } from './is-twin.ts';

/** A longer id or model name is not remembered. */
const TEXT_CHARS_MAX = 255;
const NO_ATTRIBUTES: Attributes = new AttributeList();
const ALONE: readonly OtherSpan[] = [];

/**
 * A call that was counted: what later calls are compared with and nothing else.
 *
 * Spans have attributes, which may be views of the whole body: they would keep all bodies of the last minutes in memory.
 * Even until its events are durable an export is forgotten but for these: what lives for some ms is copied by the
 * garbage collector, which took a fifth of the time.
 */
export interface CountedCall extends ComparedCall {
  readonly id: string;
  /** Whether nothing but its own span was known when it was counted. */
  readonly isAlone: boolean;
  /** Whether it may be a Logfire stream whose end has not come. */
  readonly isOpening: boolean;
  /** The other spans that are known to report it; grows by what later exports hold. */
  others: readonly OtherSpan[];
}

export interface OtherSpan {
  readonly id: string;
  readonly scopeName: string;
}

export function countedCalls(calls: readonly Candidate[]): readonly CountedCall[] {
  let origin: ComparedCall['span'] | null = null;
  let lastSpan: OtlpSpan | null = null;
  return calls.map((call) => {
    const { span } = call;
    // Nearly all spans of an export have scope and resource in common.
    if (origin === null || lastSpan?.scope !== span.scope || lastSpan.resource !== span.resource) {
      const { processKey, isOneProcess } = span.resource;
      origin = { scope: span.scope, resource: { attributes: NO_ATTRIBUTES, processKey, isOneProcess } };
    }
    lastSpan = span;
    return countedCall(call, origin);
  });
}

function countedCall(call: Candidate, origin: ComparedCall['span']): CountedCall {
  const isAlone = call.members.length === 1;
  return {
    id: call.id,
    startMs: call.startMs,
    durationMs: call.durationMs,
    span: origin,
    facts: comparedFactsOf(call.facts),
    isAlone,
    isOpening: isOpening(call),
    others: isAlone ? ALONE : call.members.filter((member) => member !== call.span).map(otherSpan),
  };
}

/** Null for a text that is too long to be remembered. */
export function rememberedText(text: string | null): string | null {
  return text === null || text.length > TEXT_CHARS_MAX ? null : text;
}

function comparedFactsOf(facts: ComparedFacts): ComparedFacts {
  return {
    operation: facts.operation,
    requestModel: rememberedText(facts.requestModel),
    responseModel: rememberedText(facts.responseModel),
    responseId: rememberedText(facts.responseId),
    promptTokens: facts.promptTokens,
    completionTokens: facts.completionTokens,
  };
}

function otherSpan(span: OtlpSpan): OtherSpan {
  return { id: requestIdOf(span), scopeName: span.scope.name };
}
