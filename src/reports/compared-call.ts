import { fillGaps, isSameUse } from './merge-facts.ts';
import { type Facts, type RecordRole, type Report, recordRoleOf, reporterOf } from './report.ts';
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
  /** What the cache took of the prompt; null where nothing is told of it. */
  readonly writtenTokens: number | null;
  readonly completionTokens: number | null;
  /** A proxy answered from its own cache: with the id and the usage of another call. */
  readonly isFromCache: boolean;
  readonly role: StreamRole;
  readonly requestDigest: string | null;
  /**
   * The same call as other processes of its trace tell it, such as the application of a gateway that is nearer to the
   * wire, and as the opening of a stream around it does. Who knows nothing of that gateway is compared with these.
   */
  readonly others: readonly ComparedCall[];
}

const COMPARED_FIELDS = [
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
  'writtenTokens',
  'completionTokens',
  'isFromCache',
  'role',
  'requestDigest',
] as const satisfies readonly Exclude<keyof ComparedCall, 'others'>[];

/** What a call may be to a Logfire stream: what opened it, or what ended it. */
export type StreamRole = 'opening' | 'end' | null;

/** Whether both are the same in all that is compared. */
export function isSameCompared(a: ComparedCall, b: ComparedCall): boolean {
  return (
    COMPARED_FIELDS.every((field) => a[field] === b[field]) &&
    a.others.length === b.others.length &&
    a.others.every((other, index) => isSameCompared(other, b.others[index] as ComparedCall))
  );
}

/** As all tell of it: mostly it is told once. */
export function tellingsOf(call: ComparedCall): readonly ComparedCall[] {
  return call.others.length === 0 ? [call] : [call, ...call.others];
}

/** @param shared makes one object of equal texts */
export function comparedCall(call: TraceCall, shared: (text: string) => string): ComparedCall {
  // Nearly always.
  if (call.members.length === 1) return comparedBy(call, { tenant: tenantOf(call), others: NOBODY }, shared);
  const tenant = tenantOf(call);
  const others = tellersBeside(call).map((head) => comparedBy(toldBy(head, call), { tenant, others: NOBODY }, shared));
  return comparedBy(call, { tenant, others }, shared);
}

const NOBODY: readonly ComparedCall[] = [];
const NO_FACTS: Facts = {};

/** Of each other process the report that is nearest to the wire, and openings of streams. */
function tellersBeside({ head, members, shared, facts }: TraceCall): readonly Report[] {
  const known = new Set([tellerKey(head)]);
  return members.filter((member) => {
    // Of several tries it tells the one that counts the same.
    if (shared.includes(member) && !isSameUse(facts, member.facts ?? NO_FACTS)) return false;
    if (member.kind !== 'call' || recordRoleOf(member) !== null || known.has(tellerKey(member))) return false;
    if (member.process === head.process && streamRoleOf(member) === null) return false;
    known.add(tellerKey(member));
    return true;
  });
}

function tellerKey(report: Report): string {
  return `${report.process}\0${streamRoleOf(report) ?? ''}`;
}

/** What it leaves out is as the call has it. */
function toldBy(head: Report, call: TraceCall): TraceCall {
  return {
    ...call,
    head,
    facts: fillGaps(head.facts ?? {}, call.facts),
    responseId: head.response_id ?? call.responseId,
    startMs: head.start_ms,
    durationMs: head.duration_ms,
  };
}

function comparedBy(
  call: TraceCall,
  { tenant, others }: Pick<ComparedCall, 'tenant' | 'others'>,
  shared: (text: string) => string,
): ComparedCall {
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
    tenant: textOf(tenant),
    startMs: call.startMs,
    durationMs: call.durationMs,
    isEmbeddings: facts.operation === 'embeddings',
    requestModel: textOf(facts.model),
    answeredModel: textOf(facts.answered_model),
    responseId: call.responseId,
    promptTokens: facts.prompt_tokens || null,
    writtenTokens: facts.cache_write_tokens ?? null,
    completionTokens: facts.completion_tokens ?? null,
    isFromCache: facts.cache_hit === true,
    role: streamRoleOf(head),
    requestDigest: head.request_digest ?? null,
    others,
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

function streamRoleOf({ kind, scope, facts = {} }: Report): StreamRole {
  if (kind === 'stream end') return 'end';
  return kind === 'call' && isOpening(scope, facts) ? 'opening' : null;
}

/** What Logfire writes when a stream is opened: it ends when the headers are there, hence without usage. */
function isOpening(scope: string, { stream, prompt_tokens, error }: Facts): boolean {
  return (
    scope.startsWith('logfire') && stream !== false && (prompt_tokens ?? null) === null && (error ?? null) === null
  );
}
