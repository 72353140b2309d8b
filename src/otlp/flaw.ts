import type { OtlpSpan } from './decode/trace-export.ts';

/** 1970 to 2199, as the events allow. */
const START_MS_MAX = Date.UTC(2200, 0, 1) - 1;

/**
 * Why a call cannot be counted: without ids it could not be told from its repetition, without a start it has no minute.
 */
export function flawOf(span: OtlpSpan): string | null {
  if (!/^(?!0+$)[0-9a-f]{32}$/.test(span.traceId)) {
    return `trace_id of span ${span.name} must be 16 bytes that are not all zero`;
  }
  if (!isSpanId(span.spanId)) {
    return `span_id of span ${span.name} must be 8 bytes that are not all zero`;
  }
  if (!(span.startMs > 0 && span.startMs <= START_MS_MAX)) {
    return `start_time_unix_nano of span ${span.name} must be ns since 1970, before the year 2200`;
  }
  return null;
}

/** 8 bytes that are not all zero, in lower-case hex. */
export function isSpanId(text: string): boolean {
  return /^(?!0+$)[0-9a-f]{16}$/.test(text);
}
