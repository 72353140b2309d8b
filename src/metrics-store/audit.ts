/**
 * What became of the records that the processor took from the log. Per tenant and hour of log time it always holds
 *
 *     accepted = counted + waiting + duplicates + dead letters
 *
 * for requests and for responses. A response names no tenant: until it meets its request, and for ever if it never
 * does, it is under the tenant ''; when they meet, it moves (−1 there, +1 at its tenant). A request counts the moment it is seen,
 * so only responses and evaluations can wait.
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
  'acceptedResponses',
  'countedResponses',
  'waitingResponses',
  'duplicateResponses',
  'deadResponses',
  'acceptedEvaluations',
  'countedEvaluations',
  'waitingEvaluations',
  'duplicateEvaluations',
  'deadEvaluations',
] as const;

/** The list is the type, so that no count can be in one and not in the other. */
export type AuditCounts = Record<(typeof AUDIT_COUNTS)[number], number>;

export function emptyAuditCounts(): AuditCounts {
  return Object.fromEntries(AUDIT_COUNTS.map((name) => [name, 0])) as AuditCounts;
}
