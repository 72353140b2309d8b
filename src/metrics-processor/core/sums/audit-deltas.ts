import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import { type AuditCounts, type AuditDelta, emptyAuditCounts } from '../../../metrics-store/audit.ts';
import type { Booking } from '../../../reports/bookings.ts';
import { HOUR_MS, windowStartMs } from '../../../tally/window.ts';

/** What can become of a record. `waiting` is the only one that another follows. */
export type AuditOutcome = 'counted' | 'waiting' | 'duplicate' | 'dead';

/**
 * Of a record whose tenant is not known: a response whose sender has no key and names none, until it meets its request.
 */
export const TENANT_UNKNOWN = '';

/** Counts every record taken from the log under its outcome, so that nothing can vanish unseen. */
export class AuditDeltas {
  readonly #byTenant = new Map<string, TenantCounts>();

  /** A record was taken and met its outcome. */
  accept(topic: InputTopic, tenantId: string, loggedAtMs: number, outcome: AuditOutcome): void {
    const counts = this.#counts(tenantId, loggedAtMs);
    const columns = COLUMNS[topic];
    counts[columns.accepted]++;
    counts[columns[outcome]]++;
  }

  /** A record does not wait any more: it is counted anew under its outcome, and maybe under another tenant. */
  unwait(topic: InputTopic, tenantId: string, loggedAtMs: number): void {
    const before = this.#counts(tenantId, loggedAtMs);
    const columns = COLUMNS[topic];
    before[columns.accepted]--;
    before[columns.waiting]--;
  }

  /** A record does not count there any more: it waits again, for its call belongs elsewhere. */
  uncount(topic: InputTopic, tenantId: string, loggedAtMs: number): void {
    const before = this.#counts(tenantId, loggedAtMs);
    const columns = COLUMNS[topic];
    before[columns.accepted]--;
    before[columns.counted]--;
  }

  /** Of the dead records: one that spoke of another tenant's call. */
  foreign(topic: InputTopic, tenantId: string, loggedAtMs: number): void {
    this.#counts(tenantId, loggedAtMs)[COLUMNS[topic].foreign]++;
  }

  /** A report that says nothing new, or was judged alone. */
  reportTaken(tenantId: string, loggedAtMs: number, outcome: 'duplicate' | 'folded'): void {
    this.#bookReport(tenantId, loggedAtMs, REPORT_COLUMNS[outcome], 1);
  }

  reportLate(tenantId: string, loggedAtMs: number): void {
    this.#counts(tenantId, loggedAtMs).lateReports++;
  }

  /** A report is new, or what becomes of it has changed. */
  reportMoved(loggedAtMs: number, before: Booking | null, now: Booking): void {
    if (before !== null) this.#moveReport(before, loggedAtMs, -1);
    this.#moveReport(now, loggedAtMs, 1);
  }

  /** Data points of metrics, of which every record holds many. */
  metered(tenantId: string, loggedAtMs: number, points: number): void {
    this.#counts(tenantId, loggedAtMs).meterPoints += points;
  }

  callCorrected(tenantId: string, loggedAtMs: number): void {
    this.#counts(tenantId, loggedAtMs).correctedCalls++;
  }

  #moveReport({ tenantId, outcome }: Booking, loggedAtMs: number, by: 1 | -1): void {
    this.#bookReport(tenantId, loggedAtMs, REPORT_COLUMNS[outcome], by);
    if (outcome === 'agent') this.#counts(tenantId, loggedAtMs).agentOnlyReports += by;
  }

  #bookReport(tenantId: string, loggedAtMs: number, column: keyof AuditCounts, by: 1 | -1): void {
    const counts = this.#counts(tenantId, loggedAtMs);
    counts.acceptedReports += by;
    counts[column] += by;
  }

  deltas(): AuditDelta[] {
    return Array.from(this.#byTenant, ([tenantId, { hours }]) =>
      Array.from(hours, ([hourStartMs, counts]) => ({ tenantId, hourStartMs, counts })),
    ).flat();
  }

  #counts(tenantId: string, loggedAtMs: number): AuditCounts {
    const tenant = this.#byTenant.get(tenantId);
    if (tenant !== undefined && loggedAtMs >= tenant.lastHourMs && loggedAtMs < tenant.lastHourMs + HOUR_MS) {
      return tenant.last;
    }
    const hourStartMs = windowStartMs(loggedAtMs, HOUR_MS);
    const hours = tenant?.hours ?? new Map<number, AuditCounts>();
    let counts = hours.get(hourStartMs);
    if (counts === undefined) hours.set(hourStartMs, (counts = emptyAuditCounts()));
    this.#byTenant.set(tenantId, { hours, lastHourMs: hourStartMs, last: counts });
    return counts;
  }
}

interface TenantCounts {
  readonly hours: Map<number, AuditCounts>;
  /** The hour that was asked for last, since nearly all records of a commit are of one. */
  readonly lastHourMs: number;
  readonly last: AuditCounts;
}

type Columns = Readonly<Record<AuditOutcome | 'accepted' | 'foreign', keyof AuditCounts>>;

const REPORT_COLUMNS = {
  call: 'countedReports',
  folded: 'foldedReports',
  context: 'contextReports',
  agent: 'contextReports',
  duplicate: 'duplicateReports',
} as const satisfies Readonly<Record<string, keyof AuditCounts>>;

const COLUMNS: Readonly<Record<InputTopic, Columns>> = {
  [TOPICS.requests]: {
    accepted: 'acceptedRequests',
    counted: 'countedRequests',
    // A request counts when it is seen; it is its call that waits, not its place in the audit.
    waiting: 'countedRequests',
    duplicate: 'duplicateRequests',
    dead: 'deadRequests',
    foreign: 'foreignRequests',
  },
  [TOPICS.responses]: {
    accepted: 'acceptedResponses',
    counted: 'countedResponses',
    waiting: 'waitingResponses',
    duplicate: 'duplicateResponses',
    dead: 'deadResponses',
    foreign: 'foreignResponses',
  },
  [TOPICS.evaluations]: {
    accepted: 'acceptedEvaluations',
    counted: 'countedEvaluations',
    waiting: 'waitingEvaluations',
    duplicate: 'duplicateEvaluations',
    dead: 'deadEvaluations',
    foreign: 'foreignEvaluations',
  },
  [TOPICS.reports]: {
    accepted: 'acceptedReports',
    counted: 'countedReports',
    // A report is judged the moment it is seen.
    waiting: 'countedReports',
    duplicate: 'duplicateReports',
    dead: 'deadReports',
    // None is: whose a report is stands beside it.
    foreign: 'deadReports',
  },
};
