import { ofKind } from '../tally/kinds.ts';

/**
 * What became of the records that the processor took from the log. Per tenant and hour of log time it always holds
 *
 *     accepted = counted + waiting + duplicates + dead letters
 *
 * for requests, responses and evaluations; and for reports
 *
 *     accepted = counted (calls) + folded into another report's call + context + duplicates + dead letters
 *
 * A report moves when others tell what it is about, or whose. Of the context, `agentOnly` are spans of agents in whose
 * traces no call is known. `late` are those that came after their trace was closed, whatever became of them; corrected
 * calls were counted before and are counted otherwise now. Data points of metrics are witnesses, which stand in none of
 * the sums. What names no tenant and was sent with no tenant's key is under the tenant '' until it meets its request,
 * and for ever if it never does; when they meet, it moves (−1 there, +1 at its call's tenant). A request counts the
 * moment it is seen, so only responses and evaluations can wait. `foreign` are those of the dead letters that spoke of
 * another tenant's call.
 */
export interface AuditDelta {
  readonly tenantId: string;
  readonly hourStartMs: number;
  readonly counts: AuditCounts;
}

/**
 * What each count is in the sum of its kind: all that was `accepted`, one of the `fate`s that add up to it, a `part` of
 * these, or nothing of the sort. Types, columns and sums of the books come from here.
 */
const AUDIT_ROLES = {
  acceptedRequests: 'accepted',
  countedRequests: 'fate',
  duplicateRequests: 'fate',
  deadRequests: 'fate',
  foreignRequests: 'part',
  acceptedResponses: 'accepted',
  countedResponses: 'fate',
  waitingResponses: 'fate',
  duplicateResponses: 'fate',
  deadResponses: 'fate',
  foreignResponses: 'part',
  acceptedEvaluations: 'accepted',
  countedEvaluations: 'fate',
  waitingEvaluations: 'fate',
  duplicateEvaluations: 'fate',
  deadEvaluations: 'fate',
  foreignEvaluations: 'part',
  acceptedReports: 'accepted',
  countedReports: 'fate',
  foldedReports: 'fate',
  contextReports: 'fate',
  agentOnlyReports: 'part',
  duplicateReports: 'fate',
  deadReports: 'fate',
  lateReports: 'part',
  correctedCalls: 'beside',
  meterPoints: 'beside',
} as const satisfies Readonly<Record<string, 'accepted' | 'fate' | 'part' | 'beside'>>;

export type AuditCount = keyof typeof AUDIT_ROLES;
export type AuditCounts = Record<AuditCount, number>;
export const AUDIT_COUNTS = Object.keys(AUDIT_ROLES) as readonly AuditCount[];

export function emptyAuditCounts(): AuditCounts {
  return Object.fromEntries(AUDIT_COUNTS.map((name) => [name, 0])) as AuditCounts;
}

/** The kinds of records that are counted, each by itself. */
export type AuditKind = 'Requests' | 'Responses' | 'Evaluations';

/** What became of the records of one kind. */
export function auditOf(counts: AuditCounts, kind: AuditKind) {
  return {
    accepted: counts[`accepted${kind}`],
    counted: counts[`counted${kind}`],
    // A request counts the moment it is seen, so that none waits.
    waiting: kind === 'Requests' ? 0 : counts[`waiting${kind}`],
    duplicates: counts[`duplicate${kind}`],
    dead_letters: counts[`dead${kind}`],
    /** How many of the dead letters spoke of another tenant's call. */
    foreign_tenant: counts[`foreign${kind}`],
  };
}

/** What became of reports. */
export function reportsAuditOf(counts: AuditCounts) {
  return {
    accepted: counts.acceptedReports,
    calls: counts.countedReports,
    folded: counts.foldedReports,
    context: counts.contextReports,
    /** Of the context: spans of agents in whose traces no call is known. */
    agents_without_calls: counts.agentOnlyReports,
    duplicates: counts.duplicateReports,
    dead_letters: counts.deadReports,
    /** How many reports came late, whatever became of them. */
    late: counts.lateReports,
  };
}

const ACCEPTED = ofKind(AUDIT_ROLES, 'accepted');
const FATES = ofKind(AUDIT_ROLES, 'fate');

/** Of each kind of record what was accepted, and what must add up to it. */
export const AUDIT_BALANCES = ACCEPTED.map((accepted) => {
  const kind = accepted.slice('accepted'.length);
  return { accepted, fates: FATES.filter((fate) => fate.endsWith(kind)) };
});

/** accepted = counted + waiting + duplicates + dead letters, for each kind of record; likewise for reports. */
export function isBalanced(counts: AuditCounts): boolean {
  return AUDIT_BALANCES.every(
    ({ accepted, fates }) => counts[accepted] === fates.reduce((sum, fate) => sum + counts[fate], 0),
  );
}
