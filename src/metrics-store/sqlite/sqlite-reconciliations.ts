import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { RECONCILIATIONS_MAX, type ReconciliationsQuery, type StoredReconciliation } from '../reconciliation.ts';
import { isOneOf, tenantsValue } from './tenants-asked.ts';

const INSERT = `
  INSERT INTO reconciliations VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (reconciliation_id) DO UPDATE SET made_at_ms = ?2, tenant_id = ?3, report = ?4`;
const FORGET = `
  DELETE FROM reconciliations WHERE reconciliation_id NOT IN (
    SELECT reconciliation_id FROM reconciliations ORDER BY made_at_ms DESC, reconciliation_id LIMIT ?1)`;
const SELECT = `
  SELECT reconciliation_id, made_at_ms, tenant_id, report FROM reconciliations WHERE ${isOneOf('tenant_id', '?1')}
  ORDER BY made_at_ms DESC, reconciliation_id LIMIT ?2`;

export function saveReconciliation(
  connection: SqliteConnection,
  { id, madeAtMs, tenantId, report }: StoredReconciliation,
): void {
  connection.run(INSERT, id, madeAtMs, tenantId, report);
  connection.run(FORGET, RECONCILIATIONS_MAX);
}

export function readReconciliations(
  connection: SqliteConnection,
  { tenantId, limit }: ReconciliationsQuery,
): readonly StoredReconciliation[] {
  return Array.from(
    connection.rows(SELECT, tenantsValue(tenantId), limit),
    ([id, madeAtMs, ofTenant = null, report]) => ({
      id: String(id),
      madeAtMs: Number(madeAtMs),
      tenantId: ofTenant === null ? null : String(ofTenant),
      report: String(report),
    }),
  );
}
