import type { TenantFilter } from '../../metrics-store/tenant-filter.ts';

/** Whose rows a query string asks for, told one way: equal questions are answered once. */
export function tenantsOf(named: readonly string[] | undefined): TenantFilter {
  if (named === undefined) return null;
  const [first = '', ...others] = [...new Set(named)].sort();
  return others.length === 0 ? first : [first, ...others];
}
