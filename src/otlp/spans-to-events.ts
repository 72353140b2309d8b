import { readCall } from './call.ts';
import type { OtlpSpan, TraceExport } from './decode/trace-export.ts';
import { failureAbove, isOpenToFailure } from './dialects/failure-above.ts';
import { classify } from './dialects/is-call.ts';
import { SpanReader } from './dialects/span-reader.ts';
import { type Candidate, type Folded, requestIdOf } from './fold/candidate.ts';
import { countedCalls } from './fold/counted-call.ts';
import { fold } from './fold/fold.ts';
import type { Marks, RecentCalls } from './fold/recent-calls.ts';
import { type CallDimensions, type CallEvent, callEvents } from './to-events/call-events.ts';
import { type AncestorsOf, type DimensionFinder, indexAncestors } from './to-events/tenant-and-route.ts';
import { type Uncounted, UncountedSpans } from './uncounted.ts';

/** What the count needs beside the spans. All of it outlives a request. */
export interface SpansToEventsOptions {
  /** The tenant of the sender's API key; null without keys. It wins over every attribute. */
  readonly tenantOfKey: string | null;
  readonly dimensions: DimensionFinder;
  /** Calls of earlier exports; null where each export stands alone. */
  readonly recent: RecentCalls | null;
}

export interface Rejected {
  readonly spanId: string;
  readonly reason: string;
}

export interface SpansToEvents {
  /** For each call its request and then its response. */
  readonly events: readonly CallEvent[];
  readonly calls: number;
  /** Spans that are no calls, or that another span stands for. They are accepted and not kept. */
  readonly ignored: number;
  /** Of those ignored, what speaks of a model and is no call. */
  readonly uncounted: readonly Uncounted[];
  /** Spans that would be calls but cannot be counted. They never cost the others. */
  readonly rejected: readonly Rejected[];
  readonly folded: readonly Folded[];
  /** For `RecentCalls.remember`, once the events are durable. */
  readonly marks: Marks;
}

/** 1970 to 2199, as the events allow. */
const START_MS_MAX = Date.UTC(2200, 0, 1) - 1;

/** Turns the spans of one export into request and response events, each model call exactly once. Pure. */
export function spansToEvents({ spans }: TraceExport, options: SpansToEventsOptions): SpansToEvents {
  const rejected: Rejected[] = [];
  const folded: Folded[] = [];
  const uncounted = new UncountedSpans();
  const candidates = candidatesOf(spans, { rejected, folded, uncounted });
  const ancestorsOf = candidates.length === 0 ? () => [] : indexAncestors(spans);
  const result = fold(candidates, ancestorsOf);
  folded.push(...result.folded);
  const { calls, marks } = withoutPrecedents(result.calls, {
    ancestorsOf,
    folded,
    spans,
    recent: options.recent,
    sender: options.tenantOfKey ?? '',
  });
  const events = calls.flatMap((call) =>
    callEvents(withFailureAbove(call, ancestorsOf(call.span)), dimensionsOf(call, ancestorsOf, options)),
  );
  return {
    events,
    rejected,
    folded,
    marks,
    uncounted: uncounted.list(),
    calls: calls.length,
    ignored: spans.length - calls.length - rejected.length,
  };
}

interface Findings {
  readonly rejected: Rejected[];
  readonly folded: Folded[];
  readonly uncounted: UncountedSpans;
}

/** The spans that may be calls. A span that came twice is taken once. */
function candidatesOf(spans: readonly OtlpSpan[], { rejected, folded, uncounted }: Findings): readonly Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const span of spans) {
    const reader = new SpanReader(span);
    const classification = classify(reader);
    if (classification.role === 'none') {
      uncounted.add(span, classification.rule);
      continue;
    }
    const reason = flawOf(span);
    if (reason !== null) {
      rejected.push({ spanId: span.spanId, reason });
      continue;
    }
    const id = requestIdOf(span);
    if (candidates.has(id)) {
      folded.push({ span, into: id, rule: 'the same span again' });
      continue;
    }
    const { role, operation, rule } = classification;
    const { startMs, durationMs } = span;
    const facts = readCall(reader, operation);
    candidates.set(id, { role, operation, rule, id, span, reader, facts, startMs, durationMs, members: [span] });
  }
  return [...candidates.values()];
}

/** Why a call cannot be counted: without ids it could not be told from its repetition, without a start it has no minute. */
export function flawOf(span: OtlpSpan): string | null {
  if (!/^(?!0+$)[0-9a-f]{32}$/.test(span.traceId)) {
    return `trace_id of span ${span.name} must be 16 bytes that are not all zero`;
  }
  if (!/^(?!0+$)[0-9a-f]{16}$/.test(span.spanId)) {
    return `span_id of span ${span.name} must be 8 bytes that are not all zero`;
  }
  if (!(span.startMs > 0 && span.startMs <= START_MS_MAX)) {
    return `start_time_unix_nano of span ${span.name} must be ns since 1970, before the year 2200`;
  }
  return null;
}

interface PrecedentSearch {
  readonly ancestorsOf: AncestorsOf;
  readonly folded: Folded[];
  readonly spans: readonly OtlpSpan[];
  readonly recent: RecentCalls | null;
  readonly sender: string;
}

/** Drops the calls that an earlier export has, and notes what later exports must know. */
function withoutPrecedents(
  found: readonly Candidate[],
  { ancestorsOf, folded, spans, recent, sender }: PrecedentSearch,
): { calls: readonly Candidate[]; marks: Marks } {
  const twins: { id: string; scopeName: string; of: string }[] = [];
  const above: string[] = [];
  const calls = found.filter((call) => {
    const chain = [call.span, ...ancestorsOf(call.span)];
    for (const span of chain) if (span.parentSpanId !== '') above.push(`${span.traceId}-${span.parentSpanId}`);
    const precedent = recent?.precedentOf(call, chain.at(-1) ?? call.span, sender) ?? null;
    if (precedent === null) return true;
    folded.push({ span: call.span, ...precedent });
    twins.push({ id: call.id, scopeName: call.span.scope.name, of: precedent.into });
    return false;
  });
  if (recent?.hasAbove(sender) === true) {
    // A span above a counted call passes the mark on to its own parent, which comes later still.
    for (const span of spans) {
      if (span.parentSpanId === '' || !recent.isAbove(requestIdOf(span), sender)) continue;
      above.push(`${span.traceId}-${span.parentSpanId}`);
    }
  }
  return { calls, marks: { sender, calls: recent === null ? [] : countedCalls(calls), above, twins } };
}

/** An error that only a span above the call tells, such as that of the agent which the failing call ended. */
function withFailureAbove(call: Candidate, ancestors: readonly OtlpSpan[]): Candidate {
  if (ancestors.length === 0 || !isOpenToFailure(call.facts)) return call;
  const failure = failureAbove(
    call.facts.failure,
    ancestors.map((span) => new SpanReader(span)),
  );
  return failure === null ? call : { ...call, facts: { ...call.facts, failure } };
}

function dimensionsOf(call: Candidate, ancestorsOf: AncestorsOf, options: SpansToEventsOptions): CallDimensions {
  const spans = spansAround(call, ancestorsOf);
  const readers = spans.map((span) => (span === call.span ? call.reader : new SpanReader(span)));
  return {
    tenant: options.tenantOfKey ?? options.dimensions.tenant(spans)?.value ?? null,
    route: options.dimensions.route(spans)?.value ?? null,
    userId: options.dimensions.user(readers),
    sessionId: options.dimensions.session(readers),
  };
}

/** The spans of a call, then those above them, each once. */
function spansAround({ span, members }: Candidate, ancestorsOf: AncestorsOf): readonly OtlpSpan[] {
  if (members.length === 1) return [span, ...ancestorsOf(span)];
  return [...new Set([...members, ...members.flatMap(ancestorsOf)])];
}
