import protobuf from 'protobufjs/minimal.js';
import type { OtlpFormat } from './decode/decode-traces.ts';
import type { Rejected } from './spans-to-reports.ts';

export type Signal = 'traces' | 'metrics' | 'logs';

/** What was not taken. `rejected` of 0 with a message is a warning, as OTLP has it. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** The field of the JSON answer that holds the count; on the wire it is field 1 everywhere. */
const REJECTED_FIELD: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
};

/** What a reason is about; behind it stands the id of the span, or the name of the metric. */
const ITEM_OF: Readonly<Record<Signal, string>> = {
  traces: 'span',
  metrics: 'data point of',
  logs: 'log record of span',
};

/** So many reasons are named in an answer; exporters log the text as it is. */
const REASONS_MAX = 5;

/** What to say about rejected items; null when all were taken. */
export function partialSuccessOf(signal: Signal, rejected: readonly Rejected[]): PartialSuccess | null {
  if (rejected.length === 0) return null;
  const reasons = rejected
    .slice(0, REASONS_MAX)
    .map(({ spanId, reason }) => `${ITEM_OF[signal]} ${spanId || '?'}: ${reason}`);
  const more = rejected.length > REASONS_MAX ? `; and ${rejected.length - REASONS_MAX} more` : '';
  return { rejected: rejected.length, message: reasons.join('; ') + more };
}

/**
 * The body of Export{Trace,Metrics,Logs}ServiceResponse. Complete success is no bytes at all in protobuf and `{}`
 * in JSON, for the JS exporter warns about any partialSuccess that is not empty.
 */
export function exportAnswer(signal: Signal, format: OtlpFormat, partial: PartialSuccess | null): Uint8Array {
  if (format === 'json') {
    const body =
      partial === null
        ? {}
        : { partialSuccess: { [REJECTED_FIELD[signal]]: String(partial.rejected), errorMessage: partial.message } };
    return Buffer.from(JSON.stringify(body));
  }
  if (partial === null) return new Uint8Array(0);
  const writer = protobuf.Writer.create().uint32(0x0a).fork();
  if (partial.rejected > 0) writer.uint32(0x08).int64(partial.rejected);
  return writer.uint32(0x12).string(partial.message).ldelim().finish();
}

/** `google.rpc.Status`, which OTLP asks for as the body of an error. `code` as in gRPC: 3 invalid, 14 unavailable. */
export function statusAnswer(format: OtlpFormat, code: number, message: string): Uint8Array {
  if (format === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return protobuf.Writer.create().uint32(0x08).int32(code).uint32(0x12).string(message).finish();
}

const RETRY_INFO_TYPE = 'type.googleapis.com/google.rpc.RetryInfo';
const NS_PER_MS = 1_000_000;

/** `google.rpc.Status` with a RetryInfo, by which gRPC exporters know when to come back. */
export function statusWithRetryInfo(code: number, message: string, retryAfterMs: number): Uint8Array {
  const seconds = Math.floor(retryAfterMs / 1000);
  const nanos = Math.round((retryAfterMs - seconds * 1000) * NS_PER_MS);
  const duration = protobuf.Writer.create().uint32(0x08).int64(seconds).uint32(0x10).int32(nanos).finish();
  const retryInfo = protobuf.Writer.create().uint32(0x0a).bytes(duration).finish();
  const writer = protobuf.Writer.create().uint32(0x08).int32(code).uint32(0x12).string(message);
  return writer
    .uint32(0x1a)
    .fork()
    .uint32(0x0a)
    .string(RETRY_INFO_TYPE)
    .uint32(0x12)
    .bytes(retryInfo)
    .ldelim()
    .finish();
}
