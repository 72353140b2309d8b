import { formatSecond } from '../events/timestamp.ts';
import { AUDIT_COUNTS, type AuditCounts, emptyAuditCounts } from '../metrics-store/audit.ts';
import type { AuditRow } from '../metrics-store/metrics-reader.ts';

const KINDS = ['Requests', 'Responses', 'Evaluations'] as const;

/** The books of what was taken from the log: whether they balance, the totals, and a row per tenant and hour. */
export function auditJson(rows: readonly AuditRow[]): object {
  const totals = emptyAuditCounts();
  for (const { counts } of rows) for (const name of AUDIT_COUNTS) totals[name] += counts[name];
  return {
    balanced: rows.every(({ counts }) => isBalanced(counts)),
    totals: countsJson(totals),
    audit: rows.map(({ tenantId, hourStartMs, counts }) => ({
      // Nobody knows whose a response is that names no tenant and has no key, until it meets its request.
      tenant_id: tenantId === '' ? null : tenantId,
      hour: formatSecond(hourStartMs),
      balanced: isBalanced(counts),
      ...countsJson(counts),
    })),
  };
}

/** accepted = counted + waiting + duplicates + dead letters, for each kind of event. */
export function isBalanced(counts: AuditCounts): boolean {
  return KINDS.every((kind) => {
    const { accepted, counted, waiting, duplicates, dead_letters: dead } = kindJson(counts, kind);
    return accepted === counted + waiting + duplicates + dead;
  });
}

function countsJson(counts: AuditCounts): object {
  return Object.fromEntries(KINDS.map((kind) => [kind.toLowerCase(), kindJson(counts, kind)]));
}

function kindJson(counts: AuditCounts, kind: (typeof KINDS)[number]) {
  return {
    accepted: counts[`accepted${kind}`],
    counted: counts[`counted${kind}`],
    waiting: kind === 'Requests' ? 0 : counts[`waiting${kind}`],
    duplicates: counts[`duplicate${kind}`],
    dead_letters: counts[`dead${kind}`],
    /** Of the dead letters. */
    foreign_tenant: counts[`foreign${kind}`],
  };
}
