import type { TenantScope } from '../events/tenant-scope.ts';
import { storableText } from './storable-text.ts';

/** Whose rows: one tenant's, those of several, or (null) of all. */
export type TenantFilter = string | TenantScope;

/** Null where it may be more than one, or none. */
export function onlyTenant(filter: TenantFilter): string | null {
  if (filter === null || typeof filter === 'string') return filter;
  const [first = null, ...others] = new Set(filter);
  return others.length === 0 ? first : null;
}

/** The names as a store keeps them; null: all. */
export function storedTenants(filter: TenantFilter): readonly string[] | null {
  return filter === null ? null : [filter].flat().map(storableText);
}

/** Whether a tenant is asked for; made once for many of them. */
export function tenantTest(filter: TenantFilter): (tenantId: string) => boolean {
  if (filter === null) return () => true;
  const wanted = new Set([filter].flat());
  return (tenantId) => wanted.has(tenantId);
}
