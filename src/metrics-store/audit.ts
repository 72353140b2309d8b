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

export const AUDIT_COUNTS = [
  'acceptedRequests',
  'countedRequests',
  'duplicateRequests',
  'deadRequests',
  'foreignRequests',
  'acceptedResponses',
  'countedResponses',
  'waitingResponses',
  'duplicateResponses',
  'deadResponses',
  'foreignResponses',
  'acceptedEvaluations',
  'countedEvaluations',
  'waitingEvaluations',
  'duplicateEvaluations',
  'deadEvaluations',
  'foreignEvaluations',
  'acceptedReports',
  'countedReports',
  'foldedReports',
  'contextReports',
  'agentOnlyReports',
  'duplicateReports',
  'deadReports',
  'lateReports',
  'correctedCalls',
  'meterPoints',
] as const;

/** The list is the type, so that no count can be in one and not in the other. */
export type AuditCounts = Record<(typeof AUDIT_COUNTS)[number], number>;

export function emptyAuditCounts(): AuditCounts {
  return Object.fromEntries(AUDIT_COUNTS.map((name) => [name, 0])) as AuditCounts;
}

/** The kinds of records that are counted, each by itself. */
export const AUDIT_KINDS = ['Requests', 'Responses', 'Evaluations'] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

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

/** accepted = counted + waiting + duplicates + dead letters, for each kind of record; likewise for reports. */
export function isBalanced(counts: AuditCounts): boolean {
  const { late: _late, agents_without_calls: _agents, accepted: reports, ...fates } = reportsAuditOf(counts);
  if (reports !== Object.values(fates).reduce((sum, count) => sum + count, 0)) return false;
  return AUDIT_KINDS.every((kind) => {
    const { accepted, counted, waiting, duplicates, dead_letters: dead } = auditOf(counts, kind);
    return accepted === counted + waiting + duplicates + dead;
  });
}
