import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import { DAY_MS } from '../../tally/window.ts';
import type { Call } from '../call.ts';
import { CALL_COLUMNS, CALL_FIELDS, CALL_MONEY } from '../call-columns.ts';
import { CALL_EQUALITIES } from '../call-filters.ts';
import { metadataMatches } from '../metadata-filter.ts';
import type { CallsQuery, KeptCalls, KeptQuery } from '../metrics-reader.ts';
import { storableText } from '../storable-text.ts';
import { columnOf } from '../tally-columns.ts';
import { storedBigInt } from './stored-integers.ts';

const COLUMNS = CALL_COLUMNS.map((name) => `c.${name}`).join(', ');

/** The number of the first of their values. */
const EQUALITIES_FROM = 10;
const EQUALITIES = CALL_EQUALITIES.map((field, index) => {
  const value = `?${index + EQUALITIES_FROM}`;
  return `(${value} IS NULL OR c.${columnOf(field)} = ${value})`;
}).join(' AND ');

/**
 * Values: tenant key, from, to, has error (null: any), latency from, to, cursor id, then `CALL_EQUALITIES` (null: any).
 */
const MATCHES = `
    AND (?4 IS NULL OR (c.status = 'error') = ?4) AND ${EQUALITIES}`;

const newestBy = (index: string, more: string): string => `
  SELECT ${COLUMNS} FROM calls c INDEXED BY ${index}
  WHERE c.tenant_key = ?1 AND c.timestamp_ms >= ?2 AND c.timestamp_ms < ?3${more}${MATCHES}
    AND (?5 IS NULL OR c.latency_ms >= ?5) AND (?6 IS NULL OR c.latency_ms <= ?6)
    AND (?7 IS NULL OR c.timestamp_ms < ?8 OR c.request_id > ?7)
  ORDER BY c.timestamp_ms DESC, c.request_id`;

/** In the order of the index: the scan ends with the page. Its cursor value is the end of the range. */
export const SELECT_NEWEST = newestBy('calls_identity', '');

/** A statement of its own, since the planner takes no index for a value that may be null. */
export const SELECT_NEWEST_OF_SESSION = newestBy(
  'calls_session',
  `\n    AND c.session_id = ?${CALL_EQUALITIES.indexOf('sessionId') + EQUALITIES_FROM}`,
);

/**
 * One day's calls in the order of the index `calls_slowest`. It has a part for each day, so that commits write to few
 * of its pages, and a range costs as many short walks as it has days.
 */
const SELECT_SLOWEST_OF_DAY = `
  SELECT ${COLUMNS} FROM calls c INDEXED BY calls_slowest
  WHERE c.tenant_key = ?1 AND c.timestamp_ms >= ?2 AND c.timestamp_ms < ?3${MATCHES}
    AND c.timestamp_ms / ${DAY_MS} = ?8
    AND c.latency_ms IS NOT NULL AND c.latency_ms >= ?5 AND c.latency_ms <= ?6
    AND (?7 IS NULL OR c.latency_ms < ?9 OR c.request_id > ?7)
  ORDER BY c.latency_ms DESC, c.request_id`;

/** Values: tenant key, from, to. */
const SELECT_LAST_TIMESTAMP = `
  SELECT max(c.timestamp_ms) FROM calls c
  WHERE c.tenant_key = ?1 AND c.timestamp_ms >= ?2 AND c.timestamp_ms < ?3`;

const SELECT_CALL = `
  SELECT ${COLUMNS} FROM calls c INDEXED BY calls_request
  WHERE c.request_id = ?1 AND c.tenant_key = ?2 ORDER BY c.timestamp_ms DESC LIMIT 1`;

export function readCalls(connection: SqliteConnection, tenantKey: number, query: CallsQuery): readonly Call[] {
  if (query.limit <= 0) return [];
  return query.order === 'newest'
    ? readNewest(connection, tenantKey, query)
    : readSlowest(connection, tenantKey, query);
}

function readNewest(connection: SqliteConnection, tenantKey: number, query: CallsQuery): readonly Call[] {
  const { after, limit, metadata, tenantId, latencyMsMin, latencyMsMax } = query;
  const toMs = after === null ? query.toMs : Math.min(query.toMs, after.value + 1);
  const range = [tenantKey, query.fromMs, toMs];
  const cursor = [after?.requestId ?? null, after?.value ?? null];
  const matches = [hasErrorOf(query), latencyMsMin, latencyMsMax, ...cursor];
  const calls: Call[] = [];
  const select = query.sessionId === null ? SELECT_NEWEST : SELECT_NEWEST_OF_SESSION;
  for (const row of connection.rows(select, ...range, ...matches, null, ...equalitiesOf(query))) {
    const call = callOf(tenantId, row);
    if (!metadataMatches(call.metadata, metadata)) continue;
    calls.push(call);
    if (calls.length >= limit) break;
  }
  return calls;
}

function readSlowest(connection: SqliteConnection, tenantKey: number, query: CallsQuery): readonly Call[] {
  const { fromMs, toMs, after, limit, metadata, tenantId } = query;
  const fromLatencyMs = query.latencyMsMin ?? 0;
  const toLatencyMs = Math.min(
    after?.value ?? Number.POSITIVE_INFINITY,
    query.latencyMsMax ?? Number.POSITIVE_INFINITY,
  );
  const matches = [hasErrorOf(query), fromLatencyMs, toLatencyMs, after?.requestId ?? null];
  const slowest: Call[] = [];
  for (const day of daysBackwards(connection, { tenantKey, fromMs, toMs })) {
    const place = [day, after?.value ?? null];
    const values = [tenantKey, fromMs, toMs, ...matches, ...place, ...equalitiesOf(query)];
    for (const row of connection.rows(SELECT_SLOWEST_OF_DAY, ...values)) {
      const call = callOf(tenantId, row);
      const worst = slowest[limit - 1];
      if (worst !== undefined && isBefore(worst, call)) break;
      if (!metadataMatches(call.metadata, metadata)) continue;
      const at = slowest.findLastIndex((other) => isBefore(other, call)) + 1;
      slowest.splice(at, 0, call);
      if (slowest.length > limit) slowest.pop();
    }
  }
  return slowest;
}

/** The days that hold calls, counted from the epoch. */
function* daysBackwards(
  connection: SqliteConnection,
  { tenantKey, fromMs, toMs }: { readonly tenantKey: number; readonly fromMs: number; readonly toMs: number },
): Generator<number> {
  for (let endMs = toMs; ; ) {
    const [lastMs] = connection.row(SELECT_LAST_TIMESTAMP, tenantKey, fromMs, endMs) ?? [];
    if (lastMs == null) return;
    const day = Math.floor(Number(lastMs) / DAY_MS);
    yield day;
    endMs = day * DAY_MS;
  }
}

/** Compares ids as the database does, by their bytes. */
function isBefore(a: Call, b: Call): boolean {
  const [aMs, bMs] = [a.latencyMs ?? 0, b.latencyMs ?? 0];
  return aMs === bMs ? Buffer.compare(Buffer.from(a.requestId), Buffer.from(b.requestId)) < 0 : aMs > bMs;
}

function hasErrorOf({ hasError }: CallsQuery): number | null {
  return hasError === null ? null : Number(hasError);
}

function equalitiesOf(query: CallsQuery): SqlValue[] {
  return CALL_EQUALITIES.map((field) => query[field]);
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
