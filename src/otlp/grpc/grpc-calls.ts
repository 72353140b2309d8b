import { CallCounts } from '../../exposition/call-counts.ts';
import type { MetricFamily, MetricSource } from '../../exposition/metric-family.ts';
import type { Signal } from '../export-answer.ts';

/** How a call ended: by gRPC's name of its code. */
export type GrpcOutcome =
  | 'OK'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNIMPLEMENTED'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED'
  /** The sender had gone before it was answered. */
  | 'CANCELLED'
  /** It was answered in HTTP. */
  | 'NOT_GRPC';

/** The signal of what names no method that is there. */
const NO_SIGNAL = 'none';

/** Counts calls of OTLP over gRPC by signal and code. Both are bounded, whatever senders say. */
export class GrpcCalls implements MetricSource {
  readonly #calls = new CallCounts({
    total: {
      name: 'streamlens_grpc_requests_total',
      help: 'OTLP calls over gRPC that ended, by signal and code; CANCELLED where the sender had gone',
    },
    duration: {
      name: 'streamlens_grpc_request_duration_seconds',
      help: 'Time from the head of an OTLP call over gRPC to the end of its answer, by signal',
    },
    inFlight: { name: 'streamlens_grpc_requests_in_flight', help: 'OTLP calls over gRPC that are being answered' },
    durationLabel: 'signal',
  });

  /** A call begins. @returns what is told when it ended */
  begin(signal: Signal | null): (outcome: GrpcOutcome) => void {
    const ended = this.#calls.begin();
    return (outcome) => ended({ signal: signal ?? NO_SIGNAL, code: outcome });
  }

  families(): readonly MetricFamily[] {
    return this.#calls.families();
  }
}
