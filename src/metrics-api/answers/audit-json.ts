import { formatSecond } from '../../events/timestamp.ts';
import { type AuditCounts, auditOf, isBalanced, reportsAuditOf } from '../../metrics-store/audit.ts';
import type { AuditRow, AuditTotals } from '../../metrics-store/metrics-reader.ts';
import { HOUR_MS } from '../../tally/window.ts';
import type { AuditAnswer, Completeness } from '../contract/answers.ts';
import { encodeCursor } from '../cursor.ts';
import type { AuditQuestion } from '../questions.ts';

export interface AuditFindings {
  readonly rows: readonly AuditRow[];
  readonly totals: AuditTotals;
  /** Null where they are among the totals, or not for the caller. */
  readonly withoutTenant: AuditTotals | null;
}

/** The audit of what was taken from the log: whether they balance, the totals, and a row per tenant and hour. */
export function auditJson(
  { rows, totals, withoutTenant }: AuditFindings,
  { fromMs, toMs, page, asked }: AuditQuestion,
): Omit<AuditAnswer, keyof Completeness> {
  const last = rows.length === page.limit ? rows.at(-1) : undefined;
  const { firstHourMs, lastHourMs } = totals;
  return {
    balanced: totals.unbalancedRows === 0,
    from: hourName(fromMs > 0 ? Math.ceil(fromMs / HOUR_MS) * HOUR_MS : firstHourMs),
    to: hourName(toMs < END_OF_TIME_MS ? Math.ceil(toMs / HOUR_MS) * HOUR_MS : endOf(lastHourMs)),
    totals: countsJson(totals.counts),
    without_tenant: withoutTenant === null ? null : countsJson(withoutTenant.counts),
    audit: rows.map(({ tenantId, hourStartMs, counts }) => ({
      // Nobody knows whose a response is that names no tenant and has no key, until it meets its request.
      tenant_id: tenantId === '' ? null : tenantId,
      hour: formatSecond(hourStartMs),
      balanced: isBalanced(counts),
      ...countsJson(counts),
    })),
    ...(last === undefined ? {} : { next_cursor: encodeCursor([last.hourStartMs, last.tenantId], asked) }),
  };
}

/** After everything that can be counted. */
export const END_OF_TIME_MS = Date.UTC(2200, 0, 1);

function countsJson(counts: AuditCounts) {
  return {
    requests: auditOf(counts, 'Requests'),
    responses: auditOf(counts, 'Responses'),
    evaluations: auditOf(counts, 'Evaluations'),
    reports: reportsAuditOf(counts),
    corrections: counts.correctedCalls,
    metric_points: counts.meterPoints,
  };
}

function hourName(hourMs: number | null): string | null {
  return hourMs === null ? null : formatSecond(hourMs);
}

function endOf(hourMs: number | null): number | null {
  return hourMs === null ? null : hourMs + HOUR_MS;
}
