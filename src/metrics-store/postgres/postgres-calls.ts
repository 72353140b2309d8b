import type { Call } from '../call.ts';
import { CALL_COLUMNS, CALL_FIELDS } from '../call-columns.ts';
import { metadataMatches } from '../metadata-filter.ts';
import type { CallsQuery, KeptCalls, KeptQuery } from '../metrics-reader.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { instant, type SqlRow } from './postgres-values.ts';

/** With a filter by metadata, which is compared here, so many calls are read at a time. */
const FILTERED_PAGE_ROWS = 1_000;

const COLUMNS = CALL_COLUMNS.map((name) => (name === 'timestamp_ms' ? 'c."timestamp"' : `c.${name}`)).join(', ');

/** Values: tenant, from, to, route, model, status, has error, latency from, to, user, session (null: any), cursor value, cursor id, limit, provider, error kind. */
const selectCalls = (order: CallsQuery['order']): string => `
  SELECT ${COLUMNS} FROM calls c
  WHERE c.tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1)
    AND c."timestamp" >= $2::timestamptz AND c."timestamp" <= $3::timestamptz
    AND ($4::text IS NULL OR c.route = $4) AND ($5::text IS NULL OR c.model = $5) AND ($6::text IS NULL OR c.status = $6)
    AND ($7::boolean IS NULL OR (c.status = 'error') = $7)
    AND ($8::float8 IS NULL OR c.latency_ms >= $8) AND ($9::float8 IS NULL OR c.latency_ms <= $9)
    AND ($10::text IS NULL OR c.user_id_hash = $10) AND ($11::text IS NULL OR c.session_id = $11)
    AND ($15::text IS NULL OR c.provider = $15) AND ($16::text IS NULL OR c.error_kind = $16)
    ${order === 'newest' ? NEWEST : SLOWEST} LIMIT $14`;

const NEWEST = `
    AND ($12::float8 IS NULL OR c."timestamp" < streamlens_at($12::bigint) OR c.request_id > $13)
  ORDER BY c."timestamp" DESC, c.request_id`;

const SLOWEST = `
    AND c.latency_ms IS NOT NULL
    AND ($12::float8 IS NULL OR c.latency_ms < $12 OR (c.latency_ms = $12 AND c.request_id > $13))
  ORDER BY c.latency_ms DESC, c.request_id`;

const SELECT_CALL = `
  SELECT ${COLUMNS} FROM calls c
  WHERE c.tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1) AND c.request_id = $2
  ORDER BY c."timestamp" DESC LIMIT 1`;

export async function readCalls(connection: PostgresConnection, query: CallsQuery): Promise<readonly Call[]> {
  const { limit, metadata } = query;
  const found: Call[] = [];
  const pageRows = metadata.size === 0 ? limit : FILTERED_PAGE_ROWS;
  let { after } = query;
  while (found.length < limit) {
    const page = await readPage(connection, { ...query, after, limit: pageRows });
    for (const call of page) {
      if (metadataMatches(call.metadata, metadata)) found.push(call);
      if (found.length >= limit) break;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) break;
    const value = query.order === 'newest' ? last.timestampMs : last.latencyMs;
    after = { value: value ?? 0, requestId: last.requestId };
  }
  return found;
}

/** Values: tenant, from, to, route, model (null: any). */
const COUNT_CALLS = `
  SELECT count(*), count(*) FILTER (WHERE c.status = 'error') FROM calls c
  WHERE c.tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1)
    AND c."timestamp" >= $2::timestamptz AND c."timestamp" <= $3::timestamptz
    AND ($4::text IS NULL OR c.route = $4) AND ($5::text IS NULL OR c.model = $5)`;

export async function countCalls(connection: PostgresConnection, query: KeptQuery): Promise<KeptCalls> {
  const { tenantId, fromMs, toMs, route, model } = query;
  const [row] = await connection.query(COUNT_CALLS, [tenantId, instant(fromMs), instant(toMs - 1), route, model]);
  return { calls: Number(row?.[0] ?? 0), errors: Number(row?.[1] ?? 0) };
}

export async function readCall(
  connection: PostgresConnection,
  tenantId: string,
  requestId: string,
): Promise<Call | null> {
  const [row] = await connection.query(SELECT_CALL, [tenantId, requestId]);
  return row === undefined ? null : callOf(tenantId, row);
}

async function readPage(connection: PostgresConnection, query: CallsQuery): Promise<readonly Call[]> {
  const { order, after, limit, route, model, status, hasError, userIdHash, sessionId, tenantId } = query;
  const toMs = order === 'newest' && after !== null ? Math.min(query.toMs, after.value + 1) : query.toMs;
  const range = [tenantId, instant(query.fromMs), instant(toMs - 1)];
  const filter = [route, model, status, hasError, query.latencyMsMin, query.latencyMsMax, userIdHash, sessionId];
  const cursor = [after?.value ?? null, after?.requestId ?? null];
  const values = [...range, ...filter, ...cursor, limit, query.provider, query.errorKind];
  const rows = await connection.query(selectCalls(order), values);
  return rows.map((row) => callOf(tenantId, row));
}

function callOf(tenantId: string, row: SqlRow): Call {
  const fields = CALL_FIELDS.map((field, index) => [field, row[index]]);
  return { tenantId, ...(Object.fromEntries(fields) as Omit<Call, 'tenantId'>) };
}
