import type { Booking } from './bookings.ts';
import type { OpenTrace } from './open-trace.ts';
import type { ResolvedCall } from './resolved-call.ts';
import type { WholeTrace } from './whole-trace.ts';

/** A call as it was counted before and as it is to be counted now; null for none. */
export interface CallChange {
  readonly before: ResolvedCall | null;
  readonly now: ResolvedCall | null;
  /** In log time, of the first report of one of its traces. */
  readonly loggedAtMs: number;
  /** Of the settlement that `before` was counted in. */
  readonly mark: object | null;
}

/** A report that is booked under another outcome or tenant than before; null for one that is new. */
export interface BookingChange {
  readonly loggedAtMs: number;
  readonly before: Booking | null;
  readonly now: Booking;
}

/** What the reports come to now beside what they came to before. */
export interface Settlement {
  readonly calls: readonly CallChange[];
  readonly bookings: readonly BookingChange[];
  /** Traces whose spans may be about other calls than before. */
  readonly traces: ReadonlySet<OpenTrace>;
  /** Traces that are one call, each new, and in none of the others. */
  readonly whole: readonly WholeTrace[];
}
