import type { Call } from '../call.ts';
import { CALL_COLUMNS, CALL_FIELDS } from '../call-columns.ts';
import { CALL_EQUALITIES } from '../call-filters.ts';
import { metadataMatches } from '../metadata-filter.ts';
import type { CallsQuery, KeptCalls, KeptQuery } from '../metrics-reader.ts';
import { columnOf } from '../tally-columns.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { instant, type SqlRow } from './postgres-values.ts';

/** With a filter by metadata, which is compared here, so many calls are read at a time. */
const FILTERED_PAGE_ROWS = 1_000;

const COLUMNS = CALL_COLUMNS.map((name) => (name === 'timestamp_ms' ? 'c."timestamp"' : `c.${name}`)).join(', ');

/** The number of the first of their values. */
const EQUALITIES_FROM = 10;
const EQUALITIES = CALL_EQUALITIES.map((field, index) => {
  const value = `$${index + EQUALITIES_FROM}`;
  return `(${value}::text IS NULL OR c.${columnOf(field)} = ${value})`;
}).join(' AND ');

/**
 * Values: tenant, from, to, has error, latency from, to (null: any), cursor value, cursor id, limit, then
 * `CALL_EQUALITIES` (null: any).
 */
const selectCalls = (order: CallsQuery['order'], more = ''): string => `
  SELECT ${COLUMNS} FROM calls c
  WHERE c.tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1)
    AND c."timestamp" >= $2::timestamptz AND c."timestamp" <= $3::timestamptz
    AND ($4::boolean IS NULL OR (c.status = 'error') = $4)
    AND ($5::float8 IS NULL OR c.latency_ms >= $5) AND ($6::float8 IS NULL OR c.latency_ms <= $6)
    AND ${EQUALITIES}${more}
    ${order === 'newest' ? NEWEST : SLOWEST} LIMIT $9`;

const NEWEST = `
    AND ($7::float8 IS NULL OR c."timestamp" < streamlens_at($7::bigint) OR c.request_id > $8)
  ORDER BY c."timestamp" DESC, c.request_id`;

const SLOWEST = `
    AND c.latency_ms IS NOT NULL
    AND ($7::float8 IS NULL OR c.latency_ms < $7 OR (c.latency_ms = $7 AND c.request_id > $8))
  ORDER BY c.latency_ms DESC, c.request_id`;

const SELECT_NEWEST = selectCalls('newest');
/**
 * Planned for its values each time: over days it walks the index `calls_slowest` of each and ends with the page, within
 * a day it sorts what the range holds. The plan for any values sorts all.
 */
export const SELECT_SLOWEST = selectCalls('slowest');
/** A statement of its own, since a plan that is kept takes no index for a value that may be null. */
export const SELECT_NEWEST_OF_SESSION = selectCalls(
  'newest',
  `\n    AND c.session_id = $${CALL_EQUALITIES.indexOf('sessionId') + EQUALITIES_FROM}`,
);

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
  const { order, after, limit, tenantId } = query;
  const toMs = order === 'newest' && after !== null ? Math.min(query.toMs, after.value + 1) : query.toMs;
  const range = [tenantId, instant(query.fromMs), instant(toMs - 1)];
  const filter = [query.hasError, query.latencyMsMin, query.latencyMsMax];
  const cursor = [after?.value ?? null, after?.requestId ?? null];
  const equal = CALL_EQUALITIES.map((field) => query[field]);
  const values = [...range, ...filter, ...cursor, limit, ...equal];
  const newest = query.sessionId === null ? SELECT_NEWEST : SELECT_NEWEST_OF_SESSION;
  const rows =
    order === 'newest'
      ? await connection.query(newest, values)
      : await connection.queryPlannedAnew(SELECT_SLOWEST, values);
  return rows.map((row) => callOf(tenantId, row));
}

function callOf(tenantId: string, row: SqlRow): Call {
  const fields = CALL_FIELDS.map((field, index) => [field, row[index]]);
  return { tenantId, ...(Object.fromEntries(fields) as Omit<Call, 'tenantId'>) };
}
