import { isInScope, scopeInWords, type TenantScope } from '../events/tenant-scope.ts';

/** What a report says of itself, as far as it tells whose it is. */
export interface NamedReport {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id?: string;
  readonly names?: { readonly tenant?: string; readonly resource_tenant?: string };
}

/**
 * Whose each report of an export is, where the key that it came with is for several tenants. Told here and not behind
 * the log, so that no report of one tenant ever meets those of another: by itself, by what lies above it in the export,
 * by its resource, or by another span of its trace.
 *
 * @returns by report; null where nothing tells
 */
export function namedTenants(reports: readonly NamedReport[]): ReadonlyMap<NamedReport, string | null> {
  const bySpan = new Map(reports.map((report) => [`${report.trace_id}-${report.span_id}`, report]));
  const ofTrace = new Map<string, string>();
  const found = new Map<NamedReport, string | null>();
  for (const report of reports) {
    const tenantId = fromAbove(report, bySpan) ?? report.names?.resource_tenant ?? null;
    found.set(report, tenantId);
    if (tenantId !== null && !ofTrace.has(report.trace_id)) ofTrace.set(report.trace_id, tenantId);
  }
  for (const [report, tenantId] of found) found.set(report, tenantId ?? ofTrace.get(report.trace_id) ?? null);
  return found;
}

/** Longer chains are loops, or an attack. */
const ANCESTORS_MAX = 64;

function fromAbove(report: NamedReport, bySpan: ReadonlyMap<string, NamedReport>): string | null {
  let at: NamedReport | undefined = report;
  for (let i = 0; i < ANCESTORS_MAX && at !== undefined; i++) {
    if (at.names?.tenant !== undefined) return at.names.tenant;
    at = at.parent_id === undefined ? undefined : bySpan.get(`${at.trace_id}-${at.parent_id}`);
  }
  return null;
}

/** Why a key may not send what is this tenant's, or nobody's; null where it may. */
export function foreignReason(tenants: TenantScope, tenantId: string | null): string | null {
  if (tenants === null || (tenantId !== null && isInScope(tenants, tenantId))) return null;
  const whose = `the API key is for ${scopeInWords(tenants)}`;
  if (tenantId !== null) return `It names the tenant ${JSON.stringify(tenantId.slice(0, 100))}, and ${whose}`;
  return `It names no tenant, and ${whose}: name one, such as by the attribute tenant.id of the span or its resource`;
}
