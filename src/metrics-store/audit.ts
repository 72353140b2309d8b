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

export interface AuditCounts {
  acceptedRequests: number;
  countedRequests: number;
  duplicateRequests: number;
  deadRequests: number;
  acceptedResponses: number;
  countedResponses: number;
  waitingResponses: number;
  duplicateResponses: number;
  deadResponses: number;
  acceptedEvaluations: number;
  countedEvaluations: number;
  waitingEvaluations: number;
  duplicateEvaluations: number;
  deadEvaluations: number;
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
] as const satisfies readonly (keyof AuditCounts)[];

export function emptyAuditCounts(): AuditCounts {
  return Object.fromEntries(AUDIT_COUNTS.map((name) => [name, 0])) as unknown as AuditCounts;
}
