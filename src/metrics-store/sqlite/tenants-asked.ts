import { storedTenants, type TenantFilter } from '../tenant-filter.ts';

/** Whether a tenant is one of those that a value made by `tenantsValue` names. */
export function isOneOf(column: string, value: string): string {
  return `(${value} IS NULL OR ${column} IN (SELECT value FROM json_each(${value})))`;
}

/** Several names as one value of a statement; null: all tenants. */
export function tenantsValue(filter: TenantFilter): string | null {
  const names = storedTenants(filter);
  return names === null ? null : JSON.stringify(names);
}
