import type { Series } from '../tally/series.ts';
import type { Booking } from './bookings.ts';
import type { ReportPlace } from './open-trace.ts';
import type { Report } from './report.ts';
import { type ResolvedCall, resolvedCall } from './resolved-call.ts';
import { callOf } from './trace-call.ts';

/**
 * A new trace of one report that is one call, as nearly all are whose applications trace nothing else. Unless somebody
 * asks for it before it is settled, it is counted and falls asleep as it is: nothing is made of it that traces which
 * are awake are made of, which would take as much again.
 */
export class WholeTrace {
  /** Among the open traces. */
  readonly number: number;
  readonly report: Report;
  readonly at: ReportPlace;
  readonly hashes: WholeHashes;
  /** What its call is counted under, and how its report is booked: said when it is settled. */
  series: Series | null = null;
  booking: Booking | null = null;

  constructor(number: number, report: Report, at: ReportPlace, hashes: WholeHashes) {
    this.number = number;
    this.report = report;
    this.at = at;
    this.hashes = hashes;
  }

  get traceId(): string {
    return this.report.trace_id;
  }

  /** What it comes to. */
  call(): ResolvedCall {
    return resolvedCall({ calls: [callOf(this.report)], endOf: () => null });
  }
}

/** By which it is found: trace, start and end of its call in its process, and the response where its id is told. */
export interface WholeHashes {
  readonly trace: number;
  readonly start: number;
  readonly end: number;
  readonly response: number | null;
}

/** Whether a report may be all that there is of a call: neither a part of something, nor one that waits for another. */
export function mayBeWhole({ kind, parent_id, agent, is_log, is_exception, scope }: Report): boolean {
  return (
    kind === 'call' &&
    parent_id === undefined &&
    agent === undefined &&
    is_log === undefined &&
    is_exception === undefined &&
    !scope.startsWith('logfire')
  );
}
