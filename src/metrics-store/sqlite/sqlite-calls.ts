import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { Call } from '../call.ts';
import { CALL_COLUMNS, CALL_FIELDS, CALL_MONEY } from '../call-columns.ts';
import { CALL_EQUALITIES } from '../call-filters.ts';
import { metadataMatches } from '../metadata-filter.ts';
import type { CallsQuery, KeptCalls, KeptQuery } from '../metrics-reader.ts';
import { storableText } from '../storable-text.ts';
import { columnOf } from '../tally-columns.ts';
import { storedBigInt } from './tally-row.ts';

const COLUMNS = CALL_COLUMNS.map((name) => `c.${name}`).join(', ');

/** The number of the first of their values. */
const EQUALITIES_FROM = 9;
const EQUALITIES = CALL_EQUALITIES.map((field, index) => {
  const value = `?${index + EQUALITIES_FROM}`;
  return `(${value} IS NULL OR c.${columnOf(field)} = ${value})`;
}).join(' AND ');

/**
 * Values: tenant key, from, to, has error, latency from, to (null: any), cursor value, cursor id, then
 * `CALL_EQUALITIES` (null: any).
 */
const selectCalls = (order: CallsQuery['order']): string => `
  SELECT ${COLUMNS} FROM calls c
  WHERE c.tenant_key = ?1 AND c.timestamp_ms >= ?2 AND c.timestamp_ms < ?3
    AND (?4 IS NULL OR (c.status = 'error') = ?4)
    AND (?5 IS NULL OR c.latency_ms >= ?5) AND (?6 IS NULL OR c.latency_ms <= ?6)
    AND ${EQUALITIES}
    ${order === 'newest' ? NEWEST : SLOWEST}`;

/** The order of the index `calls_identity`: the scan ends with the page. */
const NEWEST = `
    AND (?7 IS NULL OR c.timestamp_ms < ?7 OR c.request_id > ?8)
  ORDER BY c.timestamp_ms DESC, c.request_id`;

/** Sorts what lies in the time range; an index by latency would make every write dearer and ignore the range. */
const SLOWEST = `
    AND c.latency_ms IS NOT NULL
    AND (?7 IS NULL OR c.latency_ms < ?7 OR (c.latency_ms = ?7 AND c.request_id > ?8))
  ORDER BY c.latency_ms DESC, c.request_id`;

const SELECT_CALL = `
  SELECT ${COLUMNS} FROM calls c INDEXED BY calls_request
  WHERE c.request_id = ?1 AND c.tenant_key = ?2 ORDER BY c.timestamp_ms DESC LIMIT 1`;

export function readCalls(connection: SqliteConnection, tenantKey: number, query: CallsQuery): readonly Call[] {
  const { order, after, limit, metadata, tenantId } = query;
  const toMs = order === 'newest' && after !== null ? Math.min(query.toMs, after.value + 1) : query.toMs;
  const hasError = query.hasError === null ? null : Number(query.hasError);
  const calls: Call[] = [];
  if (limit <= 0) return calls;
  const range = [tenantKey, query.fromMs, toMs];
  const filter = [hasError, query.latencyMsMin, query.latencyMsMax];
  const cursor = [after?.value ?? null, after?.requestId ?? null];
  const equal = CALL_EQUALITIES.map((field) => query[field]);
  const rows = connection.rows(selectCalls(order), ...range, ...filter, ...cursor, ...equal);
  for (const row of rows) {
    const call = callOf(tenantId, row);
    if (!metadataMatches(call.metadata, metadata)) continue;
    calls.push(call);
    if (calls.length >= limit) break;
  }
  return calls;
}

/** Values: tenant key, from, to, route, model (null: any). */
const COUNT_CALLS = `
  SELECT count(*), count(*) FILTER (WHERE c.status = 'error') FROM calls c
  WHERE c.tenant_key = ?1 AND c.timestamp_ms >= ?2 AND c.timestamp_ms < ?3
    AND (?4 IS NULL OR c.route = ?4) AND (?5 IS NULL OR c.model = ?5)`;

export function countCalls(
  connection: SqliteConnection,
  tenantKey: number,
  { fromMs, toMs, route, model }: KeptQuery,
): KeptCalls {
  const row = connection.row(COUNT_CALLS, tenantKey, fromMs, toMs, route, model);
  return { calls: Number(row?.[0] ?? 0), errors: Number(row?.[1] ?? 0) };
}

export function readCall(
  connection: SqliteConnection,
  tenantKey: number,
  place: Pick<Call, 'tenantId' | 'requestId'>,
): Call | null {
  const row = connection.row(SELECT_CALL, storableText(place.requestId), tenantKey);
  return row === undefined ? null : callOf(place.tenantId, row);
}

function callOf(tenantId: string, row: readonly SqlValue[]): Call {
  const fields = CALL_FIELDS.map((field, index) => [field, fieldValue(field, row[index] ?? null)]);
  return { tenantId, ...(Object.fromEntries(fields) as Omit<Call, 'tenantId'>) };
}

const MONEY: ReadonlySet<string> = new Set(CALL_MONEY);

function fieldValue(field: (typeof CALL_FIELDS)[number], value: SqlValue): SqlValue {
  if (value === null) return null;
  if (MONEY.has(field)) return storedBigInt(value);
  return typeof value === 'bigint' ? Number(value) : value;
}
