/**
 * The tenants that a caller may see and speak for: never empty, each once; null: all of them.
 *
 * A plain value, so that it goes to other threads and stands in the keys of caches.
 */
export type TenantScope = readonly string[] | null;

export function isInScope(scope: TenantScope, tenantId: string): boolean {
  return scope === null || scope.includes(tenantId);
}

/** Whether who sees `outer` sees all that `inner` does. */
export function isWithin(inner: TenantScope, outer: TenantScope): boolean {
  if (outer === null) return true;
  return inner !== null && inner.every((tenantId) => outer.includes(tenantId));
}

/** `the tenant "a"`, `the tenants "a", "b"` or `every tenant`; of many the first. */
export function scopeInWords(scope: TenantScope): string {
  if (scope === null) return 'every tenant';
  const named = scope.slice(0, NAMED_MAX).map((tenantId) => JSON.stringify(tenantId));
  const more = scope.length > NAMED_MAX ? ` and ${scope.length - NAMED_MAX} more` : '';
  return `the ${scope.length === 1 ? 'tenant' : 'tenants'} ${named.join(', ')}${more}`;
}

const NAMED_MAX = 5;
