import { KIND_CLIENT } from '../decode/trace-export.ts';
import { hasUsage } from '../usage/read-usage.ts';
import { type Classification, is, type Operation, operationOf } from './classification.ts';
import { classifyByDialect } from './dialects.ts';
import type { SpanReader } from './span-reader.ts';

/**
 * Whether a span is a model call. The dialects are asked in order and the first that knows the span decides, because
 * one span may speak two of them. A span that no dialect knows is a call where it tells how many tokens a model took
 * and gave: vLLM, voice agents and gateways leave out the attribute by which calls are known. It may as well be a sum
 * of calls, so that it counts only where none is found below it.
 */
export function classify(reader: SpanReader): Classification {
  if (COUNTING.test(reader.span.name)) return is('none', 'chat', 'its name says that it only counts tokens');
  const known = classifyByDialect(reader);
  if (known?.isAgent === true && isAgentElsewhere(reader)) return AGENT_ELSEWHERE;
  if (known !== null) return known;
  const named = operationInName(reader);
  if (named !== null) return is('outer', named, 'its name says the operation and the model that it asks');
  if (!hasUsage(reader)) return NO_CALL;
  return is('outer', 'chat', 'it has token counts, though nothing says what it is');
}

/**
 * An agent that a service runs, as Azure's Foundry does: its client asks for a response, and that span is all that is
 * seen of the model. Where the calls of an agent are seen, they lie below it.
 */
function isAgentElsewhere(reader: SpanReader): boolean {
  const isAsked = reader.span.kind === KIND_CLIENT && reader.attributeText('gen_ai.operation.name') === 'invoke_agent';
  return isAsked && reader.text('responseId') !== null && hasUsage(reader);
}

const AGENT_ELSEWHERE = is('outer', 'chat', 'the response of an agent, with its usage, to a client');

/** Named by the convention, `chat gpt-4.1`: a call that failed may have nothing else to tell. */
function operationInName(reader: SpanReader): Operation | null {
  const model = reader.attributeText('gen_ai.request.model');
  const { name } = reader.span;
  return model !== null && name.endsWith(` ${model}`) ? operationOf(name.slice(0, -model.length).trim()) : null;
}

/** `anthropic.messages.count_tokens`, `count_tokens MODEL`, `CountTokens`, `tokenize MODEL`: no provider bills it. */
const COUNTING = /^(?:\S*[.:/])?(?:count_?tokens?|tokenize)(?:\s|$)/i;

const NO_CALL = is('none', 'chat', 'no attribute marks it as a model call');
