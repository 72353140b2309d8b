import type { TenantFilter } from './tenant-filter.ts';

/** A provider's bill beside our figures, as it was once found: kept as it was told, for people. */
export interface StoredReconciliation {
  readonly id: string;
  readonly madeAtMs: number;
  /** Null: of all tenants. */
  readonly tenantId: string | null;
  /** JSON. */
  readonly report: string;
}

export interface ReconciliationsQuery {
  /** Only those of one of these tenants; null: all, and those that are of all tenants. */
  readonly tenantId: TenantFilter;
  readonly limit: number;
}

/** Older ones are forgotten when one more is saved. */
export const RECONCILIATIONS_MAX = 100;
