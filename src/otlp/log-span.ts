import { hash } from 'node:crypto';
import { AttributeList } from './decode/attribute-list.ts';
import type { OtlpLog } from './decode/log-export.ts';
import { isoInstantMs } from './decode/time.ts';
import { type AttributeValue, KIND_CLIENT, type OtlpSpan, STATUS_ERROR } from './decode/trace-export.ts';
import type { Agent } from './dialects/agents.ts';
import type { CallLog } from './dialects/logs/log-dialect.ts';
import { textFrom } from './dialects/read-value.ts';

/** What a record of an agent is known by. */
export interface AgentIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** No span was open: the trace is made up. */
  readonly isTraceless?: true;
}

/** Attributes of an agent's record that mean something else on a span, or say who somebody is. */
const NOT_OF_SPANS: ReadonlySet<string> = new Set([
  'agent.name',
  'gen_ai.agent.name',
  'gen_ai.prompt.name',
  'user.id',
  'user.email',
  'error',
  'http.status_code',
]);

export type LogSpan = OtlpSpan & { readonly attributes: AttributeList };

/**
 * The record of a call as a span, so that it is read by the same rules: it began its duration before it was written.
 */
export function spanOfLog(
  log: OtlpLog,
  call: CallLog,
  { ids, agent }: { ids: AgentIds; agent: Agent | null },
): LogSpan {
  const attributes = new AttributeList();
  for (const [i, key] of log.attributes.keys.entries()) {
    const isTaken = call.attributes[key] === null || (agent !== null && NOT_OF_SPANS.has(key));
    if (!isTaken) attributes.set(key, log.attributes.values[i] ?? null);
  }
  for (const [key, value] of Object.entries(call.attributes)) {
    if (value !== undefined && value !== null) attributes.set(key, value);
  }
  const { traceId, spanId, parentSpanId } = ids;
  return {
    traceId,
    spanId,
    parentSpanId,
    name: log.eventName,
    kind: KIND_CLIENT,
    startMs: Math.max(0, endMsOf(log) - (call.isStampedAtStart === true ? 0 : (call.durationMs ?? 0))),
    durationMs: call.durationMs,
    statusCode: call.failure === null ? 0 : STATUS_ERROR,
    statusMessage: call.failure?.message ?? '',
    attributes,
    events: [],
    scope: log.scope,
    resource: log.resource,
  };
}

/** The event's own time comes first: the record's is that of its writing, and Codex leaves it out. */
export function endMsOf({ attributes, timeMs, observedMs }: OtlpLog): number {
  const named = isoInstantMs(textFrom(attributes.get('event.timestamp')) ?? '');
  if (named > 0) return named;
  return timeMs > 0 ? timeMs : observedMs;
}

/**
 * Ids of an agent's record, from what it says: an exporter that sends it again sends the same. Records that one agent
 * writes about one call at one time share a trace, the convention's above its own.
 */
export function agentIdsOf(log: OtlpLog, agent: Agent, { session, isConvention }: AgentRecord): AgentIds {
  const { attributes, resource } = log;
  const model = textFrom(attributes.get('model')) ?? textFrom(attributes.get('gen_ai.request.model')) ?? '';
  const at = textFrom(attributes.get('event.timestamp')) ?? String(endMsOf(log));
  const traceId = digest([agent, session ?? resource.processKey, at, model], TRACE_ID_CHARS);
  const detailsId = digest([traceId, 'details'], SPAN_ID_CHARS);
  if (isConvention) return { traceId, spanId: detailsId, parentSpanId: '' };
  return { traceId, spanId: contentDigest(log), parentSpanId: DETAILING.has(agent) ? detailsId : '' };
}

/** Agents that write the convention's events too. */
const DETAILING: ReadonlySet<Agent> = new Set<Agent>(['gemini-cli', 'qwen-code']);

export interface AgentRecord {
  readonly session: string | null;
  /** An event of the convention beside the agent's own. */
  readonly isConvention: boolean;
}

/** Ids of an event of the convention: it lies below the span that was open when it was written. */
export function eventIdsOf(log: OtlpLog, identity?: readonly string[]): AgentIds {
  const spanId =
    identity === undefined ? contentDigest(log) : digest([log.resource.processKey, ...identity], SPAN_ID_CHARS);
  const isInTrace = /^(?!0+$)[0-9a-f]{32}$/.test(log.traceId);
  return isInTrace
    ? { traceId: log.traceId, spanId, parentSpanId: /^(?!0+$)[0-9a-f]{16}$/.test(log.spanId) ? log.spanId : '' }
    : { traceId: digest([spanId, 'trace'], TRACE_ID_CHARS), spanId, parentSpanId: '', isTraceless: true };
}

/** By all that is read of a record. When an exporter saw it tells records apart that have no time of their own. */
function contentDigest({
  attributes,
  resource,
  scope,
  eventName,
  timeMs,
  observedMs,
  traceId,
  spanId,
}: OtlpLog): string {
  const time = timeMs > 0 ? timeMs : observedMs;
  const content = attributes.keys.map((key, i) => [key, written(attributes.values[i])]).sort(byKey);
  return digest(
    [JSON.stringify([resource.processKey, scope.name, eventName, time, traceId, spanId, content])],
    SPAN_ID_CHARS,
  );
}

function byKey([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : 1;
}

/** Numbers and their texts are written alike, and bytes by their digest: they may be a whole prompt. */
function written(value: AttributeValue | undefined): string {
  if (value instanceof Uint8Array) return hash('sha256', value);
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.length > LONG_CHARS ? hash('sha256', text) : text;
}

const LONG_CHARS = 256;

function digest(parts: readonly string[], chars: number): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, chars);
}

const TRACE_ID_CHARS = 32;
const SPAN_ID_CHARS = 16;
