import { hash } from 'node:crypto';
import type { Facts, Report, ReportKind, ReportNames } from '../reports/report.ts';
import { readCall } from './call.ts';
import type { OtlpSpan, TraceExport } from './decode/trace-export.ts';
import { type Agent, agentOf, agentSessionOf, sessionProcess } from './dialects/agents.ts';
import type { Classification } from './dialects/classification.ts';
import { failureAround } from './dialects/failure-above.ts';
import { classify } from './dialects/is-call.ts';
import { textFrom } from './dialects/read-value.ts';
import { SpanReader } from './dialects/span-reader.ts';
import { flawOf, isSpanId } from './flaw.ts';
import { callFacts, errorOf } from './to-events/call-facts.ts';
import { callMetadata } from './to-events/call-metadata.ts';
import { cut, dimension } from './to-events/cut-text.ts';
import type { DimensionFinder } from './to-events/tenant-and-route.ts';
import { type Uncounted, UncountedSpans } from './uncounted.ts';

export interface SpansToReportsOptions {
  /** The tenant of the sender's API key; null without keys. It wins over every attribute. */
  readonly tenantOfKey: string | null;
  readonly dimensions: DimensionFinder;
  /** Whether the e-mail addresses by which agents name their users are kept as they are, and not as digests. */
  readonly keepUserEmail?: boolean;
}

export interface Rejected {
  readonly spanId: string;
  readonly reason: string;
}

/** A span and what it says; null where it says nothing about calls. */
export interface Translated {
  readonly span: OtlpSpan;
  readonly report: Report | null;
}

export interface SpansToReports {
  readonly translated: readonly Translated[];
  /** Spans that would be calls but cannot be counted. They never cost the others. */
  readonly rejected: readonly Rejected[];
  /** What speaks of a model and is no call. */
  readonly uncounted: readonly Uncounted[];
}

const KIND_OF_ROLE: Readonly<Record<Classification['role'], ReportKind>> = {
  call: 'call',
  outer: 'sum',
  raw: 'wire',
  'stream end': 'stream end',
  none: 'context',
};

/** Says what each span of an export says, one by one: what belongs together is judged behind the log. Pure. */
export function spansToReports({ spans }: TraceExport, options: SpansToReportsOptions): SpansToReports {
  const rejected: Rejected[] = [];
  const uncounted = new UncountedSpans();
  const translated = spans.map((span): Translated => {
    const reader = new SpanReader(span);
    const classification = classify(reader);
    if (classification.role === 'none') uncounted.add(span, classification.rule);
    const flaw = flawOf(span);
    if (flaw !== null) {
      if (classification.role !== 'none') rejected.push({ spanId: span.spanId, reason: flaw });
      return { span, report: null };
    }
    return { span, report: reportOf(reader, classification, options) };
  });
  return { translated, rejected, uncounted: uncounted.list() };
}

/** What a span says; null for one that nobody would ever ask for. Its ids and its start have to be sound. */
export function reportOf(
  reader: SpanReader,
  classification: Classification,
  options: SpansToReportsOptions,
): Mutable<Report> | null {
  const { span } = reader;
  const { scope, resource, startMs, durationMs } = span;
  // What is no id names no span: a few exporters give a root a parent of zeros.
  const parentId = isSpanId(span.parentSpanId) ? span.parentSpanId : undefined;
  const kind = KIND_OF_ROLE[classification.role];
  const names = namesOf(reader, kind, options);
  const failure = kind === 'context' || kind === 'sum' ? failureAround(reader) : null;
  const isAgent = classification.isAgent && agentOf(reader.span) === null;
  // A root that says nothing: nobody would ever ask for it.
  if (kind === 'context' && names === null && failure === null && parentId === undefined && !isAgent) return null;
  const report: Mutable<Report> = {
    sender: options.tenantOfKey ?? '',
    trace_id: span.traceId,
    span_id: span.spanId,
    kind,
    scope: cut(scope.name, NAME_CHARS_MAX),
    process: cut(resource.processKey, PROCESS_CHARS_MAX),
    start_ms: startMs,
    duration_ms: durationMs,
  };
  if (parentId !== undefined) report.parent_id = parentId;
  if (isAgent) report.is_agent = true;
  if (names !== null) report.names = names;
  if (kind !== 'context') addAgent(report, reader, agentOf(reader.span));
  const error = errorOf(failure);
  if (failure !== null && error !== null) report.failure = { error, error_kind: failure.kind };
  if (kind !== 'context') addCall(report, reader, classification);
  return report;
}

/** The session of an agent is its process: so its spans and its logs are found by each other, and by nothing else. */
export function addAgent(report: Mutable<Report>, { span }: SpanReader, agent: Agent | null): void {
  if (agent === null) return;
  const session = agentSessionOf(span.attributes, span.resource) ?? report.names?.session ?? null;
  if (session === null) return;
  report.agent = agent;
  report.process = sessionProcess(agent, session);
  report.names = { ...report.names, session };
}

function addCall(report: Mutable<Report>, reader: SpanReader, { operation }: Classification): void {
  const { span } = reader;
  const call = readCall(reader, operation);
  report.facts = callFacts(call);
  const window = withoutWindow(report.facts);
  const { responseId } = call;
  if (responseId !== null && responseId.length <= NAME_CHARS_MAX) report.response_id = cut(responseId, NAME_CHARS_MAX);
  const metadata = callMetadata(reader, { 'model.context_window': window });
  if (metadata !== null) report.metadata = metadata;
  const callKey = textFrom(span.attributes.get('litellm.call_id'));
  if (callKey !== null && callKey.length <= NAME_CHARS_MAX) report.call_key = cut(callKey, NAME_CHARS_MAX);
  if (span.scope.name !== 'litellm' && callKey !== null) report.is_on_application_span = true;
  const request = textFrom(span.attributes.get('request_data'));
  if (request !== null && span.scope.name.startsWith('logfire'))
    report.request_digest = hash('sha1', request, 'base64');
  if (report.kind === 'stream end') Object.assign(report, streamTimes(span));
}

/** Claude Code writes the long context window behind a model's name: the price is that of the name. */
function withoutWindow(facts: Mutable<Facts>): string | null {
  let window: string | null = null;
  for (const field of ['model', 'answered_model'] as const) {
    const [suffix, size] = /\[(1m)\]$/i.exec(facts[field] ?? '') ?? [];
    if (suffix === undefined || size === undefined) continue;
    facts[field] = facts[field]?.slice(0, -suffix.length) || UNKNOWN_MODEL;
    window = size.toLowerCase();
  }
  return window;
}

const UNKNOWN_MODEL = 'unknown';

/** Logfire's record is written when the stream ends and says how long it took, in s. */
function streamTimes({ startMs, attributes }: OtlpSpan): Pick<Report, 'start_ms' | 'duration_ms'> {
  const seconds = attributes.get('duration');
  const durationMs = typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : 0;
  return { start_ms: Math.max(0, startMs - durationMs), duration_ms: durationMs };
}

function namesOf(reader: SpanReader, kind: ReportKind, { dimensions }: SpansToReportsOptions): ReportNames | null {
  const found = dimensions.namesOf(reader);
  const names: Mutable<ReportNames> = {};
  const set = (name: keyof ReportNames, text: string | null): void => {
    const value = dimension(text);
    if (value !== null) names[name] = value;
  };
  set('tenant', found.tenant);
  set('route', found.route);
  set('http_route', found.httpRoute);
  set('resource_tenant', found.resourceTenant);
  // Every process has a name; that of another one says nothing about the call.
  if (kind !== 'context') set('resource_route', found.resourceRoute);
  set('user', found.user);
  set('session', found.session);
  return Object.keys(names).length === 0 ? null : names;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NAME_CHARS_MAX = 255;
const PROCESS_CHARS_MAX = 1100;
