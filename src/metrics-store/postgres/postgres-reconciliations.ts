import { RECONCILIATIONS_MAX, type ReconciliationsQuery, type StoredReconciliation } from '../reconciliation.ts';
import { storedTenants } from '../tenant-filter.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { isOneOf } from './tenants-asked.ts';

const INSERT = `
  INSERT INTO reconciliations (reconciliation_id, made_at_ms, tenant_id, report) VALUES ($1, $2, $3, $4)
  ON CONFLICT (reconciliation_id) DO UPDATE SET made_at_ms = $2, tenant_id = $3, report = $4`;
const FORGET = `
  DELETE FROM reconciliations WHERE reconciliation_id NOT IN (
    SELECT reconciliation_id FROM reconciliations ORDER BY made_at_ms DESC, reconciliation_id LIMIT $1)`;
const SELECT = `
  SELECT reconciliation_id, made_at_ms, tenant_id, report FROM reconciliations
  WHERE ${isOneOf('tenant_id', '$1')} ORDER BY made_at_ms DESC, reconciliation_id LIMIT $2`;

export async function saveReconciliation(
  connection: PostgresConnection,
  { id, madeAtMs, tenantId, report }: StoredReconciliation,
): Promise<void> {
  await connection.query(INSERT, [id, madeAtMs, tenantId, report]);
  await connection.query(FORGET, [RECONCILIATIONS_MAX]);
}

export async function readReconciliations(
  connection: PostgresConnection,
  { tenantId, limit }: ReconciliationsQuery,
): Promise<readonly StoredReconciliation[]> {
  const rows = await connection.query(SELECT, [storedTenants(tenantId), limit]);
  return rows.map(([id, madeAtMs, ofTenant, report]) => ({
    id: String(id),
    madeAtMs: madeAtMs as number,
    tenantId: ofTenant as string | null,
    report: String(report),
  }));
}
