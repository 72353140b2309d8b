/**
 * How reports are spread over partitions. All that may be about one call must lie in one: the spans of a trace, the
 * traces of a process that two instrumentations report, all processes that a call goes through. The smallest thing that
 * they have in common is who sent them.
 *
 * - `sender`: by the tenant of the API key; what comes without a key lies in one partition
 * - `trace`: by trace id, for those whose spans are more than one partition's worth. What belongs together across
 *   traces is then found only where the traces happen to lie in one partition
 */
export type Correlation = 'sender' | 'trace';

export function correlationKey(correlation: Correlation, sender: string | null, traceId: string): string {
  if (correlation === 'trace') return traceId;
  return sender === null || sender === '' ? NO_SENDER : `${NO_SENDER}:${sender}`;
}

const NO_SENDER = 'otlp';

/** `<trace id>-<span id>`, as calls that came by OTLP have it. */
const SPAN_REQUEST_ID = /^[0-9a-f]{32}-[0-9a-f]{16}$/;

/** The trace of a call that came by OTLP, by its request id; null for any other. */
export function traceIdOf(requestId: string): string | null {
  return SPAN_REQUEST_ID.test(requestId) ? requestId.slice(0, TRACE_ID_CHARS) : null;
}

const TRACE_ID_CHARS = 32;
