import { DURATION_MS_MAX } from '../events/fields.ts';
import type { LlmRequest } from '../events/llm-request.ts';
import { LlmRequest as RequestSchema } from '../events/llm-request.ts';
import type { LlmResponse } from '../events/llm-response.ts';
import { formatInstant } from '../events/timestamp.ts';
import type { Series } from '../tally/series.ts';
import { applicationAmong } from './application.ts';
import { type CallSender, sendersOf } from './call-senders.ts';
import { fillGaps } from './merge-facts.ts';
import { mergeMetadata } from './merge-metadata.ts';
import { byNearness } from './nearness.ts';
import { type Facts, type Report, type ReportNames, reporterOf } from './report.ts';
import { withServedModel } from './served-model.ts';
import { endMsOf, type TraceCall } from './trace-call.ts';

/** One model call by all that its reports say together: as if an application had sent its two halves. */
export interface ResolvedCall {
  readonly request: LlmRequest;
  readonly response: LlmResponse;
  /** Who told of it. */
  readonly senders: readonly CallSender[];
}

/** What one call is made of: calls of one or more traces. */
export interface CallParts {
  /** In any order. */
  readonly calls: readonly TraceCall[];
  /** Ends of Logfire streams by the call that opened them. */
  readonly endOf: (call: TraceCall) => TraceCall | null;
}

export const DEFAULT_TENANT = 'default';
const DEFAULT_ROUTE = 'default';
/** A call must have a model to be a series of its own. */
const UNKNOWN_MODEL = 'unknown';
const US_PER_MS = 1000;
/** What a failure is called that nothing is said about. */
const UNKNOWN_ERROR = 'unknown error';

/** Makes the call of its parts. What is nearest to the wire gives the numbers and the id, the rest fills gaps. */
export function resolvedCall({ calls, endOf }: CallParts): ResolvedCall {
  const [only] = calls;
  if (only !== undefined && calls.length === 1) {
    const end = endOf(only);
    return callOfParts({ winner: end === null ? only : closedStream(only, end), others: [], rest: [] });
  }
  // Sorted, for the order in which a call's readings are asked for names must not depend on how they came.
  const whole = calls
    .map((call) => {
      const end = endOf(call);
      return end === null ? call : closedStream(call, end);
    })
    .sort((a, b) => (isEarlier(a, b) ? -1 : 1));
  const [winner, ...others] = withoutReadings(whole).sort(byNearness) as [TraceCall, ...TraceCall[]];
  return callOfParts({ winner, others, rest: whole.filter((call) => call !== winner && !others.includes(call)) });
}

interface RankedParts {
  readonly winner: TraceCall;
  /** Of other reporters. */
  readonly others: readonly TraceCall[];
  /** Readings of the same response: they say whose the call is, and what it used where the first could not know. */
  readonly rest: readonly TraceCall[];
}

function callOfParts({ winner, others, rest }: RankedParts): ResolvedCall {
  const known = others.reduce((facts, other) => fillGaps(facts, other.facts), winner.facts);
  const filled = withServedModel(
    known,
    others.map(({ facts }) => facts),
  );
  const responseId = winner.responseId ?? others.find((call) => call.responseId !== null)?.responseId ?? null;
  const { members, reports } = reportsOf([winner, ...others, ...rest]);
  const requestId = winner.id;
  const facts = withFailureAbove(withUsageRead(filled, rest), responseId, reports);
  const application = applicationAmong([winner, ...others]);
  return {
    request: requestOf({ requestId, startMs: winner.startMs, facts, responseId, members, reports, application }),
    response: responseOf(requestId, winner, facts),
    senders: sendersOf(members),
  };
}

/** A response that is made in the background has no usage yet when it is asked for: a later reading has it. */
function withUsageRead(facts: Facts, readings: readonly TraceCall[]): Facts {
  if (!isUnknown(facts.prompt_tokens, facts.completion_tokens)) return facts;
  return readings.reduce((known, reading) => fillGaps(known, { ...reading.facts, ...NO_FAILURE }), facts);
}

/** That a reading failed says nothing about the response. */
const NO_FAILURE = { error: null, error_kind: null } as const;

/** Each once, nearest first. */
function reportsOf(calls: readonly TraceCall[]): Pick<RequestParts, 'members' | 'reports'> {
  const [only] = calls;
  // Nearly always.
  if (only !== undefined && calls.length === 1 && only.members.length === 1 && only.above.length === 0) {
    return { members: only.members, reports: only.members };
  }
  const members = [...new Set(calls.flatMap((call) => call.members))];
  return { members, reports: [...new Set([...members, ...calls.flatMap(({ above }) => above)])] };
}

/** An error that only a span above the call tells, such as that of the agent which the failing call ended. */
function withFailureAbove(facts: Facts, responseId: string | null, reports: readonly Report[]): Facts {
  const { error, error_kind, completion_tokens, finish_reason } = facts;
  if (error_kind === 'cancelled') return facts;
  const isOpen =
    (error ?? null) === null ? isUnknown(completion_tokens, finish_reason, responseId) : error === UNKNOWN_ERROR;
  if (!isOpen) return facts;
  const failure = reports.find((report) => report.failure !== undefined)?.failure;
  return failure === undefined ? facts : { ...facts, ...failure };
}

function isUnknown(...values: readonly unknown[]): boolean {
  return values.every((value) => value === null || value === undefined);
}

/** A response that was read again later is what its first reader says: the generation ended then. */
function withoutReadings(calls: readonly TraceCall[]): TraceCall[] {
  const first = new Map<string, TraceCall>();
  for (const call of calls) {
    const known = first.get(reporterOf(call.head));
    if (known === undefined || isEarlier(call, known)) first.set(reporterOf(call.head), call);
  }
  return [...first.values()];
}

function isEarlier(a: TraceCall, b: TraceCall): boolean {
  return a.startMs === b.startMs ? a.id < b.id : a.startMs < b.startMs;
}

/** From the start of the opening to the end of the reading. */
function closedStream(opening: TraceCall, end: TraceCall): TraceCall {
  return {
    ...opening,
    facts: { ...fillGaps(opening.facts, end.facts), stream: true },
    responseId: opening.responseId ?? end.responseId,
    durationMs: Math.max(endMsOf(end) - opening.startMs, opening.durationMs ?? 0),
    members: [...opening.members, ...end.members],
    above: [...opening.above, ...end.above],
    application: opening.application.length === 0 ? [] : [...opening.application, ...end.members, ...end.above],
  };
}

/** What the call of a report is counted under, where nothing else is said about it. */
export function seriesOfReport({ sender, names = NO_NAMES, facts = NO_FACTS }: Report): Series {
  return {
    tenantId: sender === '' ? (names.tenant ?? names.resource_tenant ?? DEFAULT_TENANT) : sender,
    route: names.route ?? names.http_route ?? names.resource_route ?? DEFAULT_ROUTE,
    model: facts.model ?? facts.answered_model ?? UNKNOWN_MODEL,
    provider: facts.provider ?? '',
  };
}

const NO_NAMES: ReportNames = {};
const NO_FACTS: Facts = {};

interface RequestParts {
  readonly requestId: string;
  readonly startMs: number;
  readonly facts: Facts;
  readonly responseId: string | null;
  readonly members: readonly Report[];
  /** The members and what lies above them, nearest first. */
  readonly reports: readonly Report[];
  /** Those of the application, where others tell of the call too: they are asked for names first. */
  readonly application: readonly Report[];
}

function requestOf(parts: RequestParts): LlmRequest {
  const { requestId, startMs, facts, responseId, members, application } = parts;
  const head = members[0] as Report;
  const reports = application.length === 0 ? parts.reports : [...application, ...parts.reports];
  const told =
    application.length === 0
      ? members
      : [...new Set([...application.filter((each) => members.includes(each)), ...members])];
  const request: Record<string, unknown> = {
    request_id: requestId,
    tenant_id: tenantOf(head.sender, reports),
    route: routeOf(reports, application),
    model: facts.model ?? facts.answered_model ?? UNKNOWN_MODEL,
    timestamp: formatInstant(startMs),
    prompt_tokens: facts.prompt_tokens ?? null,
    cached_prompt_tokens: facts.cached_prompt_tokens ?? null,
    cache_write_tokens: facts.cache_write_tokens ?? null,
    user_id_hash: nameOf(reports, 'user'),
    session_id: nameOf(reports, 'session'),
    metadata: mergeMetadata(told, {
      'gen_ai.operation.name': facts.operation ?? null,
      'gen_ai.response.id': responseId,
      'otel.scope.name': head.scope,
    }),
  };
  for (const field of OTHER_REQUEST_FIELDS) request[field] ??= facts[field as keyof Facts] ?? null;
  return request as unknown as LlmRequest;
}

/** What `requestOf` does not put there itself, or not always. */
const OTHER_REQUEST_FIELDS = Object.keys(RequestSchema.properties).filter((field) => !isAlwaysPut(field));

function isAlwaysPut(field: string): boolean {
  return /^(request_id|tenant_id|route|model|timestamp)$|_tokens$/.test(field);
}

function responseOf(requestId: string, call: TraceCall, facts: Facts): LlmResponse {
  const latencyMs = durationWithin(call.durationMs);
  const response: Record<string, unknown> = {
    request_id: requestId,
    timestamp: formatInstant(call.startMs + (latencyMs ?? 0)),
    latency_ms: latencyMs,
    // Absent would count as 0.
    completion_tokens: facts.completion_tokens ?? null,
    reasoning_tokens: facts.reasoning_tokens ?? null,
    model: facts.answered_model ?? null,
  };
  for (const field of Object.keys(facts)) {
    const value = facts[field as keyof Facts];
    if (value !== null && !(field in response) && !ABOUT_REQUEST.has(field)) response[field] = value;
  }
  return response as unknown as LlmResponse;
}

/** What a response does not say, or says under another name. */
const ABOUT_REQUEST: ReadonlySet<string> = new Set(['model', 'answered_model', 'stream', 'provider']);

/** To the µs: what lies below is noise of the clocks. An absurd duration is unknown, not the longest one allowed. */
export function durationWithin(durationMs: number | null): number | null {
  if (durationMs === null || durationMs > DURATION_MS_MAX) return null;
  return Math.round(durationMs * US_PER_MS) / US_PER_MS;
}

/** The API key's tenant wins; then the nearest report that names one, then the nearest resource. */
function tenantOf(sender: string, reports: readonly Report[]): string {
  if (sender !== '') return sender;
  return nameOf(reports, 'tenant') ?? nameOf(reports, 'resource_tenant') ?? DEFAULT_TENANT;
}

/** What a gateway serves, and its own name, say nothing about a call of which the application says as much. */
function routeOf(reports: readonly Report[], application: readonly Report[]): string {
  const named = nameOf(reports, 'route') ?? servedBy(application) ?? servedBy(reports);
  return named ?? DEFAULT_ROUTE;
}

function servedBy(reports: readonly Report[]): string | null {
  return nameOf(reports, 'http_route') ?? nameOf(reports, 'resource_route');
}

function nameOf(reports: readonly Report[], name: keyof ReportNames): string | null {
  for (const { names } of reports) {
    const found = names?.[name];
    if (found !== undefined) return found;
  }
  return null;
}
