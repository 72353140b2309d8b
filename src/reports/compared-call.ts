import { type Facts, type RecordRole, recordRoleOf, reporterOf } from './report.ts';
import type { TraceCall } from './trace-call.ts';

/** What of a call is compared with another one: as much as is kept of each open call. */
export interface ComparedCall {
  readonly id: string;
  readonly traceId: string;
  /** Who reports it. */
  readonly scope: string;
  /** The coding agent that reports it, by a log record or by a span. */
  readonly agent: string | null;
  readonly isLog: boolean;
  /** What it tells as a record beside a span. */
  readonly record: RecordRole;
  /** It is a record that was written where no span was open. */
  readonly isTraceless: boolean;
  /** Whether records of its own trace told its details, and its exception. */
  readonly isDetailed: boolean;
  readonly isExplained: boolean;
  readonly isFailed: boolean;
  readonly reasoningTokens: number | null;
  readonly process: string;
  /** Whom a span names, its own or the nearest above it; null where none names one. */
  readonly tenant: string | null;
  readonly startMs: number;
  readonly durationMs: number | null;
  readonly isEmbeddings: boolean;
  readonly requestModel: string | null;
  readonly answeredModel: string | null;
  readonly responseId: string | null;
  /** A prompt of 0 tokens is one that nobody counted. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** A proxy answered from its own cache: with the id and the usage of another call. */
  readonly isFromCache: boolean;
  readonly role: StreamRole;
  readonly requestDigest: string | null;
}

export const COMPARED_FIELDS = [
  'id',
  'traceId',
  'scope',
  'agent',
  'isLog',
  'record',
  'isTraceless',
  'isDetailed',
  'isExplained',
  'isFailed',
  'reasoningTokens',
  'process',
  'tenant',
  'startMs',
  'durationMs',
  'isEmbeddings',
  'requestModel',
  'answeredModel',
  'responseId',
  'promptTokens',
  'completionTokens',
  'isFromCache',
  'role',
  'requestDigest',
] as const satisfies readonly (keyof ComparedCall)[];

/** What a call may be to a Logfire stream: what opened it, or what ended it. */
export type StreamRole = 'opening' | 'end' | null;

/** @param shared makes one object of equal texts */
export function comparedCall(call: TraceCall, shared: (text: string) => string): ComparedCall {
  const { facts, head } = call;
  const textOf = (text: string | null | undefined): string | null =>
    text === null || text === undefined ? null : shared(text);
  return {
    id: call.id,
    traceId: head.trace_id,
    scope: shared(reporterOf(head)),
    agent: textOf(head.agent),
    isLog: head.is_log === true,
    record: recordRoleOf(head),
    isTraceless: head.is_traceless === true,
    isDetailed: isTold(call, 'details'),
    isExplained: isTold(call, 'exception'),
    isFailed: (facts.error ?? null) !== null || (facts.error_kind ?? null) !== null,
    reasoningTokens: facts.reasoning_tokens ?? null,
    process: shared(head.process),
    tenant: textOf(tenantOf(call)),
    startMs: call.startMs,
    durationMs: call.durationMs,
    isEmbeddings: facts.operation === 'embeddings',
    requestModel: textOf(facts.model),
    answeredModel: textOf(facts.answered_model),
    responseId: call.responseId,
    promptTokens: facts.prompt_tokens || null,
    completionTokens: facts.completion_tokens ?? null,
    isFromCache: facts.cache_hit === true,
    role: streamRoleOf(call),
    requestDigest: head.request_digest ?? null,
  };
}

function tenantOf({ head, members, above, application }: TraceCall): string | null {
  const own = head.names?.tenant;
  // Nearly always.
  if ((own !== undefined && application.length === 0) || (members.length === 1 && above.length === 0))
    return own ?? null;
  const naming = [...application, ...members, ...above].find(({ names }) => names?.tenant !== undefined);
  return naming?.names?.tenant ?? null;
}

function isTold({ head, members }: TraceCall, role: RecordRole): boolean {
  // Nearly always.
  if (members.length === 1) return false;
  return members.some((member) => member !== head && recordRoleOf(member) === role);
}

function streamRoleOf({ head, facts }: TraceCall): StreamRole {
  if (head.kind === 'stream end') return 'end';
  return head.kind === 'call' && isOpening(head.scope, facts) ? 'opening' : null;
}

/** What Logfire writes when a stream is opened: it ends when the headers are there, hence without usage. */
function isOpening(scope: string, { stream, prompt_tokens, error }: Facts): boolean {
  return (
    scope.startsWith('logfire') && stream !== false && (prompt_tokens ?? null) === null && (error ?? null) === null
  );
}
