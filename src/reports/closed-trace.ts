import type { Series } from '../tally/series.ts';
import type { OpenTrace } from './open-trace.ts';
import { requestIdOf } from './report.ts';
import { aroundOthers } from './trace-call.ts';

/** What a closed call is remembered by. */
export interface ClosedCall {
  readonly series: Series | null;
  /** Request ids of all reports of its trace that are about it. */
  readonly ids: readonly string[];
}

export interface ClosedTrace {
  readonly trace: OpenTrace;
  readonly calls: readonly ClosedCall[];
  /** The spans above its calls, whether they came or not, with the log time until which that is known. */
  readonly above: ReadonlyMap<string, number>;
  /** Likewise the spans below its calls that are none themselves. */
  readonly below: ReadonlyMap<string, number>;
  /** Reported spans that stand around several calls: one that comes below them may be another one. */
  readonly around: ReadonlySet<string>;
}

/** A span that was reported. */
export interface ReportedSpan {
  /** What the call that it is about is counted under; null where it is about none. */
  readonly series: Series | null;
  /** In log time, of its first version. */
  readonly firstSeenMs: number;
}

/** Everything has to be settled. */
export function closedTrace(trace: OpenTrace): ClosedTrace {
  const calls = callsOf(trace);
  const [only] = calls;
  if (only === undefined) return { trace, calls, above: NO_SPANS, below: NO_SPANS, around: NOTHING };
  if (isRootAlone(trace)) return closedRoot(trace, only);
  const around = new Set(
    trace.resolution('now').calls.flatMap((call) => aroundOthers(call).map(({ span_id }) => span_id)),
  );
  const closed = { trace, calls, above: trace.spansAboveCalls(), below: trace.spansBelowCalls(around), around };
  trace.settled();
  return closed;
}

/** A trace of one report that is a root: nothing is above its call, and nothing below. */
export function closedRoot(trace: OpenTrace, call: ClosedCall): ClosedTrace {
  return { trace, calls: [call], above: NO_SPANS, below: NO_SPANS, around: NOTHING };
}

/** The spans of an open trace by their request ids. Everything has to be settled. */
export function spansOf(trace: OpenTrace): ReadonlyMap<string, ReportedSpan> {
  const spans = new Map<string, ReportedSpan>();
  for (const { spanId, bookedMs } of trace.reports) {
    spans.set(`${trace.traceId}-${spanId}`, { series: null, firstSeenMs: bookedMs });
  }
  for (const { series, ids } of callsOf(trace)) {
    for (const id of ids) {
      const span = spans.get(id);
      if (span !== undefined) spans.set(id, { ...span, series });
    }
  }
  trace.settled();
  return spans;
}

/** Reports that it reads stay read until the trace is `settled`. */
function callsOf(trace: OpenTrace): readonly ClosedCall[] {
  const { nodes } = trace;
  const [only] = nodes;
  if (only === undefined) return [];
  if (isRootAlone(trace)) return [{ series: only.series, ids: [only.compared.id] }];
  return trace.resolution('now').calls.map(({ members }, index) => ({
    series: nodes[index]?.series ?? null,
    ids: members.map(requestIdOf),
  }));
}

/** Nearly always, and then nothing has to be read again. */
function isRootAlone({ reports }: OpenTrace): boolean {
  return reports.length === 1 && reports[0]?.report.parent_id === undefined;
}

const NO_SPANS: ReadonlyMap<string, number> = new Map();
const NOTHING: ReadonlySet<string> = new Set();
