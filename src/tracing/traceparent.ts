import { type Context, createTraceState, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';

/** W3C Trace Context, version 00; of a later version what is the same. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-|$)/;

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
}

/** What a `traceparent` from elsewhere says; null where it is none. */
export function spanContextOf(traceparent: string, tracestate?: string): SpanContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const state = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
  return { traceId, spanId, traceFlags, isRemote: true, ...state };
}

/** A context whose spans continue that trace. */
export function contextOf(traceparent: string, tracestate?: string): Context | null {
  const spanContext = spanContextOf(traceparent, tracestate);
  return spanContext === null ? null : trace.setSpanContext(ROOT_CONTEXT, spanContext);
}
