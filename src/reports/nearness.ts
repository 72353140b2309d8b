import { recordRoleOf } from './report.ts';
import type { TraceCall } from './trace-call.ts';

/** The SDK's own span is nearest to the wire: others were seen to count output tokens twice. */
const NATIVE_SCOPE = 'com.anthropic.sdk.';

/**
 * Of the reports of one call, the nearest to the wire first: an agent's own log record, since its span may leave out
 * the cache and the thoughts; the SDK's own span, then one that knows the response id, then the shorter one. Langfuse
 * comes last of the spans, since it always wraps the others, and the convention's log records after them.
 */
export function byNearness(a: TraceCall, b: TraceCall): number {
  return (
    nearnessOf(b) - nearnessOf(a) ||
    (a.durationMs ?? 0) - (b.durationMs ?? 0) ||
    a.startMs - b.startMs ||
    (a.id < b.id ? -1 : 1)
  );
}

function nearnessOf({ head, responseId }: TraceCall): number {
  // It does not know how long the call took.
  if (recordRoleOf(head) !== null) return -1;
  if (head.is_log === true && head.agent !== undefined) return 4;
  if (head.scope.startsWith(NATIVE_SCOPE)) return 3;
  if (head.scope.startsWith('langfuse')) return 0;
  return responseId === null ? 1 : 2;
}
