import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import type { Summand, TenantQuery } from '../regroup.ts';

export type SeriesNames = Pick<Summand, 'route' | 'model' | 'provider'>;

/** Values: tenant key, route, model, provider (null: any). */
const SELECT_NAMES = `
  SELECT s.series_id, p.route, p.model, s.provider FROM pairs p CROSS JOIN series s ON s.pair_id = p.pair_id
  WHERE p.tenant_key = ?1 AND (?2 IS NULL OR p.route = ?2) AND (?3 IS NULL OR p.model = ?3)
    AND (?4 IS NULL OR s.provider = ?4)`;

/** The series that a question about a tenant is about, by their ids. */
export function namesOfSeries(
  connection: SqliteConnection,
  tenantKey: number,
  { route, model, provider }: TenantQuery,
): ReadonlyMap<number, SeriesNames> {
  const rows = connection.rows(SELECT_NAMES, tenantKey, route, model, provider);
  return new Map(
    Array.from(rows, (row) => [
      Number(row[0]),
      { route: String(row[1]), model: String(row[2]), provider: String(row[3]) },
    ]),
  );
}
