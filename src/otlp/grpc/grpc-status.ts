import type { OutgoingHttpHeaders } from 'node:http2';
import { Problem } from '../../http/problem.ts';
import { statusWithRetryInfo } from '../export-answer.ts';
import type { GrpcOutcome } from './grpc-calls.ts';

/** The codes of gRPC that are used here. */
export const GRPC = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type GrpcCode = (typeof GRPC)[keyof typeof GRPC];

const OUTCOMES: Readonly<Record<GrpcCode, GrpcOutcome>> = {
  [GRPC.ok]: 'OK',
  [GRPC.invalidArgument]: 'INVALID_ARGUMENT',
  [GRPC.deadlineExceeded]: 'DEADLINE_EXCEEDED',
  [GRPC.permissionDenied]: 'PERMISSION_DENIED',
  [GRPC.resourceExhausted]: 'RESOURCE_EXHAUSTED',
  [GRPC.unimplemented]: 'UNIMPLEMENTED',
  [GRPC.unavailable]: 'UNAVAILABLE',
  [GRPC.unauthenticated]: 'UNAUTHENTICATED',
};

export function outcomeOf(code: GrpcCode): GrpcOutcome {
  return OUTCOMES[code];
}

/** How a call ends that is not answered. */
export class GrpcFailure extends Error {
  readonly code: GrpcCode;
  /** After which the exporter may send it again. */
  readonly retryAfterMs: number | null;

  constructor(code: GrpcCode, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const RETRY_AFTER_MS = 1000;

/** The code to which OTLP gives the meaning of this problem; what is none of them is invalid. */
const CODE_OF_STATUS: Readonly<Record<number, GrpcCode>> = {
  401: GRPC.unauthenticated,
  403: GRPC.permissionDenied,
  408: GRPC.deadlineExceeded,
  // Without RetryInfo, exporters drop what is too large: the same again would be refused again.
  413: GRPC.resourceExhausted,
  415: GRPC.unimplemented,
  429: GRPC.resourceExhausted,
  503: GRPC.unavailable,
};

/** A failure of ours must not cost the sender its batch, so it is told to come back. */
export function failureOf(error: unknown): GrpcFailure {
  if (error instanceof GrpcFailure) return error;
  if (!(error instanceof Problem)) return new GrpcFailure(GRPC.unavailable, 'internal error', RETRY_AFTER_MS);
  const { status, message, retryAfterS } = error;
  const canBeRetried = status === 429 || status === 503;
  const retryAfterMs = retryAfterS === undefined ? RETRY_AFTER_MS : retryAfterS * 1000;
  return new GrpcFailure(CODE_OF_STATUS[status] ?? GRPC.invalidArgument, message, canBeRetried ? retryAfterMs : null);
}

/** RESOURCE_EXHAUSTED is retried only with RetryInfo, which gRPC carries in `grpc-status-details-bin`. */
export function trailersOf({ code, message, retryAfterMs }: GrpcFailure): OutgoingHttpHeaders {
  const details =
    retryAfterMs === null
      ? {}
      : {
          'grpc-status-details-bin': Buffer.from(statusWithRetryInfo(code, message, retryAfterMs)).toString('base64'),
        };
  return { 'grpc-status': String(code), 'grpc-message': percentEncoded(message), ...details };
}

/** Encodes what gRPC wants encoded: bytes that are no printable ASCII, and the percent sign. */
function percentEncoded(text: string): string {
  return Array.from(Buffer.from(text), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
