import { type Static, Type } from 'typebox';
import { Dimension, TEXT_PATTERN } from '../events/fields.ts';
import { LlmRequest } from '../events/llm-request.ts';
import { LlmResponse } from '../events/llm-response.ts';

/** What a call is said to be beside its facts: who it belongs to, and when it was. */
const {
  request_id: _id,
  tenant_id: _tenant,
  route: _route,
  timestamp: _timestamp,
  metadata: _metadata,
  user_id_hash: _user,
  session_id: _session,
  ...FACTS
} = { ...LlmRequest.properties, ...LlmResponse.properties };

/**
 * What one span says about model calls, as it lies on `llm.reports`: a fact sheet without prompt or answer.
 *
 * Which reports are about one call is not decided here. A report says only what its own span knows; `resolve.ts` judges
 * all that are known together, as a set.
 */
export const Report = Type.Object({
  /** The tenant of the API key that it came with; '' without keys. Reports of two senders never meet. */
  sender: Type.String({ maxLength: 255, pattern: TEXT_PATTERN }),
  trace_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  span_id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** Absent for a root. */
  parent_id: Type.Optional(Type.String({ maxLength: 32, pattern: TEXT_PATTERN })),
  /**
   * - `call`: a model call.
   * - `sum`: a span around calls, which counts only where none of them is known.
   * - `wire`: LiteLLM's copy of the wire request, or the convention's log record; a call only where none lies above it.
   * - `stream end`: Logfire's record that ends a stream, in a trace of its own.
   * - `context`: no call. It links what is below it to what is above, and may name whose it is.
   */
  kind: Type.Unsafe<ReportKind>({ type: 'string', enum: ['call', 'sum', 'wire', 'stream end', 'context'] }),
  /** Of `context`: an agent, a chain or a tool, so that a model call is expected in its trace. */
  is_agent: Type.Optional(Type.Literal(true)),
  /** Which instrumentation wrote it. */
  scope: Type.String({ maxLength: 255, pattern: TEXT_PATTERN }),
  /** It stands in a log record. Such a report is another reporter's than the span of the same scope. */
  is_log: Type.Optional(Type.Literal(true)),
  /** A log record of an exception: the failure of a call that another report of its trace may tell too. */
  is_exception: Type.Optional(Type.Literal(true)),
  /** A log record that was written where no span was open: its trace is made up. */
  is_traceless: Type.Optional(Type.Literal(true)),
  /** The coding agent that wrote it; then `process` is its session. */
  agent: Type.Optional(Name()),
  /** What tells processes apart, as `process-key.ts` has it; '' where nothing does. */
  process: Type.String({ maxLength: 1100, pattern: TEXT_PATTERN }),
  start_ms: Type.Number({ minimum: 0, exclusiveMaximum: Date.UTC(2200, 0, 1) }),
  /** Null where the span has no end. */
  duration_ms: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  /** Whose the calls at and below this span are, as far as it says. */
  names: Type.Optional(
    Type.Object({
      tenant: Type.Optional(Name()),
      route: Type.Optional(Name()),
      /** Of a span that serves a request; asked after every `route`. */
      http_route: Type.Optional(Name()),
      /** Of the resource; asked last. */
      resource_tenant: Type.Optional(Name()),
      resource_route: Type.Optional(Name()),
      user: Type.Optional(Name()),
      session: Type.Optional(Name()),
    }),
  ),
  /**
   * Of anything but `context`: the fields of LlmRequest and LlmResponse that the span knows, whichever these are; the
   * model asked for is `model`, the one that answered `answered_model`. Absent is unknown.
   */
  facts: Type.Optional(
    Type.Partial(Type.Object({ ...FACTS, answered_model: Type.Union([Dimension, Type.Null()]) }), {
      additionalProperties: true,
    }),
  ),
  /** Of a span around calls that failed: with it, a call below that knows nothing of its end failed too. */
  failure: Type.Optional(
    Type.Object({
      error: Type.String({ minLength: 1, maxLength: 8192 }),
      error_kind: LlmResponse.properties.error_kind,
    }),
  ),
  response_id: Type.Optional(Type.String({ maxLength: 255, pattern: TEXT_PATTERN })),
  metadata: Type.Optional(Type.Object({}, { additionalProperties: true })),
  /** LiteLLM wrote its call onto a span of the application, which lasts as long as the application's request. */
  is_on_application_span: Type.Optional(Type.Literal(true)),
  /** What its writer calls the call by, which may write it twice: LiteLLM's call id. */
  call_key: Type.Optional(Type.String({ maxLength: 255, pattern: TEXT_PATTERN })),
  /** Of both reports of a Logfire stream: a digest of the request, by which they find each other. */
  request_digest: Type.Optional(Type.String({ maxLength: 64 })),
});

export type ReportKind = 'call' | 'sum' | 'wire' | 'stream end' | 'context';
export type Report = Static<typeof Report>;
export type ReportNames = NonNullable<Report['names']>;

export type Facts = Readonly<NonNullable<Report['facts']>>;

/** Who reports: calls of one reporter are never one call, as far as an id does not say so. */
export function reporterOf({ scope, is_log, is_exception }: Pick<Report, 'scope' | 'is_log' | 'is_exception'>): string {
  if (is_exception === true) return `${scope} exception`;
  return is_log === true ? `${scope} log` : scope;
}

/** What a log record of the convention tells of a call that a span tells too, if one does; null for what is none. */
export type RecordRole = 'details' | 'exception' | null;

export function recordRoleOf({ kind, is_log, is_exception, agent }: Report): RecordRole {
  if (is_log !== true) return null;
  if (is_exception === true) return 'exception';
  return kind === 'wire' && agent === undefined ? 'details' : null;
}

/** `<trace id>-<span id>`: what the contract calls the request id. */
export function requestIdOf({ trace_id, span_id }: Pick<Report, 'trace_id' | 'span_id'>): string {
  return `${trace_id}-${span_id}`;
}

function Name() {
  return Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN });
}
