import {
  COVERAGE_SUMS,
  COVERAGE_TOTALS,
  type CoverageDialect,
  coverageCte,
  coverageSumsOf,
} from '../coverage-query.ts';
import {
  type CoveragePageQuery,
  type CoverageQuery,
  type CoverageRow,
  type CoverageTotal,
  type MeterRoom,
} from '../sender-use.ts';
import { storedTenants } from '../tenant-filter.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { instant, type SqlValue } from './postgres-values.ts';

/** Values: from, to (the last instant), tenants, service, session (null: any). */
const DIALECT: CoverageDialect = {
  hour: 'hour_start',
  isAsked: (alias) =>
    `${alias}.hour_start >= $1::timestamptz AND ${alias}.hour_start <= $2::timestamptz
      AND ($3::text[] IS NULL
        OR ${alias}.tenant_key = ANY (ARRAY(SELECT tenant_key FROM tenants WHERE tenant_id = ANY ($3))))
      AND ($4::text IS NULL OR ${alias}.service = $4) AND ($5::text IS NULL OR ${alias}.session = $5)`,
  isFalse: (column) => `NOT ${column}`,
  greatest: 'greatest',
  intervalsSum: 'streamlens_intervals_sum(r.intervals)',
};

/** … then the hour, tenant, service and session after which the page begins (null: all), limit. */
const SELECT_COVERAGE = `${coverageCte(DIALECT)}
  SELECT b.hour_start, t.tenant_id, b.service, b.session, ${COVERAGE_SUMS}
  FROM "both" b JOIN tenants t ON t.tenant_key = b.tenant_key
  WHERE $6::timestamptz IS NULL OR b.hour_start < $6
    OR (b.hour_start = $6 AND (t.tenant_id, b.service, b.session) > ($7, $8, $9))
  GROUP BY b.hour_start, t.tenant_id, b.service, b.session
  ORDER BY b.hour_start DESC, t.tenant_id, b.service, b.session LIMIT $10`;

const SELECT_COVERAGE_TOTALS = `${coverageCte(DIALECT)}${COVERAGE_TOTALS}`;

export async function readCoverage(
  connection: PostgresConnection,
  query: CoveragePageQuery,
): Promise<readonly CoverageRow[]> {
  const { after, limit } = query;
  const toMs = after === null ? query.toMs : Math.min(query.toMs, after.hourStartMs + 1);
  const place =
    after === null ? [null, '', '', ''] : [instant(after.hourStartMs), after.tenantId, after.service, after.session];
  const rows = await connection.query(SELECT_COVERAGE, [...askedValues({ ...query, toMs }), ...place, limit]);
  return rows.map((row) => {
    const [hour, tenantId, service, session] = row;
    const sender = { tenantId: String(tenantId), service: String(service), session: String(session) };
    return { hourStartMs: Number(hour), ...sender, ...coverageSumsOf(row.slice(4)) };
  });
}

export async function readCoverageTotals(
  connection: PostgresConnection,
  query: CoverageQuery,
): Promise<readonly CoverageTotal[]> {
  const rows = await connection.query(SELECT_COVERAGE_TOTALS, askedValues(query));
  return rows.map((row) => ({
    tenantId: String(row[0]),
    service: String(row[1]),
    ...coverageSumsOf(row.slice(2)),
    witnessedTokens: Number(row.at(-1)),
  }));
}

const SELECT_ROOM = `
  SELECT coalesce(max(h.registers), 0), coalesce(sum(h.lost), 0) FROM tenants t CROSS JOIN LATERAL (
    SELECT count(*) AS registers, sum(r.lost) AS lost FROM sender_meters_1h r
    WHERE r.tenant_key = t.tenant_key AND r.hour_start >= $1 GROUP BY r.hour_start
  ) AS h`;

export async function readMeterRoom(connection: PostgresConnection, fromMs: number): Promise<MeterRoom> {
  const [row = []] = await connection.query(SELECT_ROOM, [instant(fromMs)]);
  return { registers: Number(row[0]), lostPoints: Number(row[1]) };
}

function askedValues({ fromMs, toMs, tenantId, service, session }: CoverageQuery): SqlValue[] {
  return [instant(fromMs), instant(toMs - 1), storedTenants(tenantId), service, session];
}

/**
 * Registers before the instant go, unless a later one of their series needs them to know what it added: of these the
 * last one stays, as a baseline that no answer shows.
 */
export const PRUNE_SENDER_METERS = [
  `DELETE FROM sender_meters_1h r WHERE r.hour_start < $1 AND (r.is_delta
    OR NOT EXISTS (SELECT 1 FROM sender_meters_1h l WHERE l.tenant_key = r.tenant_key AND l.stream = r.stream
      AND NOT l.is_delta AND l.hour_start >= $1)
    OR EXISTS (SELECT 1 FROM sender_meters_1h l WHERE l.tenant_key = r.tenant_key AND l.stream = r.stream
      AND NOT l.is_delta AND l.hour_start > r.hour_start AND l.hour_start < $1))`,
  'UPDATE sender_meters_1h SET is_baseline = true WHERE hour_start < $1 AND NOT is_baseline',
] as const;
