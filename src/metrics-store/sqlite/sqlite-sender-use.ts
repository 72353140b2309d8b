import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import { SENDER_CALLS_SUMS } from '../../tally/sender-calls.ts';
import { OVERFLOW } from '../../tally/series.ts';
import {
  COVERAGE_SUMS,
  COVERAGE_TOTALS,
  type CoverageDialect,
  coverageCte,
  coverageSumsOf,
  SENDER_CALLS_COLUMNS,
} from '../coverage-query.ts';
import {
  type CoveragePageQuery,
  type CoverageQuery,
  type CoverageRow,
  type CoverageTotal,
  encodeIntervals,
  foldMeters,
  foldSenderCalls,
  METERS_PER_HOUR_MAX,
  type MeterDelta,
  type MeterRoom,
  pointsOf,
  SENDERS_PER_HOUR_MAX,
  type SenderCallsDelta,
} from '../sender-use.ts';
import type { SqliteDictionary } from './sqlite-dictionary.ts';
import { int64 } from './stored-integers.ts';
import { isOneOf, tenantsValue } from './tenants-asked.ts';

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
}

const marks = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

const UPSERT_SENDER_CALLS = `
  INSERT INTO sender_calls_1h (tenant_key, hour_start_ms, service, session, ${SENDER_CALLS_COLUMNS.join(', ')})
  VALUES (${marks(4 + SENDER_CALLS_COLUMNS.length)})
  ON CONFLICT (tenant_key, hour_start_ms, service, session) DO UPDATE SET
  ${SENDER_CALLS_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`;

const UPSERT_METER = `
  INSERT INTO sender_meters_1h (tenant_key, hour_start_ms, stream, service, session, scope, precedence, part, is_delta,
    total, intervals, lost)
  VALUES (${marks(12)})
  ON CONFLICT (tenant_key, hour_start_ms, stream) DO UPDATE SET total = max(total, excluded.total),
    intervals = intervals_max(intervals, excluded.intervals),
    lost = lost + excluded.lost + intervals_lost(intervals, excluded.intervals)`;

const HAS_SENDER =
  'SELECT 1 FROM sender_calls_1h WHERE tenant_key = ? AND hour_start_ms = ? AND service = ? AND session = ?';
const HAS_METER = 'SELECT 1 FROM sender_meters_1h WHERE tenant_key = ? AND hour_start_ms = ? AND stream = ?';
const countOf = (table: string): string =>
  `SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE tenant_key = ? AND hour_start_ms = ? LIMIT ?)`;
const COUNT_SENDERS = countOf('sender_calls_1h');
const COUNT_METERS = countOf('sender_meters_1h');

/** Runs inside a write transaction. */
export function addSenderUse(
  writer: Writer,
  {
    senderCalls,
    meters,
  }: { readonly senderCalls: readonly SenderCallsDelta[]; readonly meters: readonly MeterDelta[] },
): void {
  const { connection, dictionary } = writer;
  const senderRoom = new Room(connection, { count: COUNT_SENDERS, rowsMax: SENDERS_PER_HOUR_MAX });
  for (const { tenantId, hourStartMs, service, session, sums } of foldSenderCalls(senderCalls)) {
    const hour = [dictionary.openTenant(tenantId), hourStartMs] as const;
    const isKnown = connection.row(HAS_SENDER, ...hour, service, session) !== undefined;
    const sender = isKnown || senderRoom.takes(...hour) ? [service, session] : [OVERFLOW, OVERFLOW];
    const values = [...SENDER_CALLS_SUMS.map((field) => sums[field]), int64(sums.costPicoUsd.value)];
    connection.run(UPSERT_SENDER_CALLS, ...hour, ...sender, ...values);
  }
  const meterRoom = new Room(connection, { count: COUNT_METERS, rowsMax: METERS_PER_HOUR_MAX });
  for (const meter of foldMeters(meters)) {
    const hour = [dictionary.openTenant(meter.tenantId), meter.hourStartMs] as const;
    const isKnown = connection.row(HAS_METER, ...hour, meter.stream) !== undefined;
    connection.run(
      UPSERT_METER,
      ...hour,
      ...(isKnown || meterRoom.takes(...hour) ? meterValues(meter) : overflowedValues(meter)),
    );
  }
}

function meterValues(meter: MeterDelta): SqlValue[] {
  const { stream, service, session, scope, precedence, part, isDelta, total, intervals, lost } = meter;
  const told = [precedence, part, isDelta ? 1 : 0, total, encodeIntervals(intervals), lost];
  return [stream, service, session, scope, ...told];
}

/** Says that some series of an hour are not there. */
function overflowedValues(meter: MeterDelta): SqlValue[] {
  return [OVERFLOW, OVERFLOW, '', '', 0, 'prompt', 1, 0, '{}', pointsOf(meter)];
}

/** How many rows a tenant and hour may still have, counted once in a commit. */
class Room {
  readonly #connection: SqliteConnection;
  readonly #limit: { readonly count: string; readonly rowsMax: number };
  readonly #left = new Map<string, number>();

  constructor(connection: SqliteConnection, limit: { readonly count: string; readonly rowsMax: number }) {
    this.#connection = connection;
    this.#limit = limit;
  }

  /** Whether there is room for a new row, which then is taken. */
  takes(tenantKey: number, hourStartMs: number): boolean {
    const key = `${tenantKey} ${hourStartMs}`;
    const { count, rowsMax } = this.#limit;
    const stored = (): number => Number(this.#connection.row(count, tenantKey, hourStartMs, rowsMax)?.[0] ?? 0);
    const left = this.#left.get(key) ?? rowsMax - stored();
    this.#left.set(key, left - 1);
    return left > 0;
  }
}

/** Values: from, to, tenants, service, session (null: any). */
const DIALECT: CoverageDialect = {
  hour: 'hour_start_ms',
  isAsked: (alias) =>
    `${alias}.hour_start_ms >= ?1 AND ${alias}.hour_start_ms < ?2
      AND ${alias}.tenant_key IN (SELECT tenant_key FROM tenants WHERE ${isOneOf('tenant_id', '?3')})
      AND (?4 IS NULL OR ${alias}.service = ?4) AND (?5 IS NULL OR ${alias}.session = ?5)`,
  isFalse: (column) => `${column} = 0`,
  greatest: 'max',
  intervalsSum: 'intervals_sum(r.intervals)',
};

/** … then the hour, tenant, service and session after which the page begins (null: all), limit. */
const SELECT_COVERAGE = `${coverageCte(DIALECT)}
  SELECT b.hour_start_ms, t.tenant_id, b.service, b.session, ${COVERAGE_SUMS}
  FROM "both" b JOIN tenants t ON t.tenant_key = b.tenant_key
  WHERE ?6 IS NULL OR b.hour_start_ms < ?6
    OR (b.hour_start_ms = ?6 AND (t.tenant_id, b.service, b.session) > (?7, ?8, ?9))
  GROUP BY b.hour_start_ms, t.tenant_id, b.service, b.session
  ORDER BY b.hour_start_ms DESC, t.tenant_id, b.service, b.session LIMIT ?10`;

const SELECT_COVERAGE_TOTALS = `${coverageCte(DIALECT)}${COVERAGE_TOTALS}`;

export function readCoverage(connection: SqliteConnection, query: CoveragePageQuery): readonly CoverageRow[] {
  const { after, limit } = query;
  const toMs = after === null ? query.toMs : Math.min(query.toMs, after.hourStartMs + 1);
  const place =
    after === null ? [null, null, null, null] : [after.hourStartMs, after.tenantId, after.service, after.session];
  const values = [...askedValues({ ...query, toMs }), ...place, limit];
  return Array.from(connection.rows(SELECT_COVERAGE, ...values), (row) => {
    const [hour, tenantId, service, session] = row;
    const sender = { tenantId: String(tenantId), service: String(service), session: String(session) };
    return { hourStartMs: Number(hour), ...sender, ...coverageSumsOf(row.slice(4)) };
  });
}

export function readCoverageTotals(connection: SqliteConnection, query: CoverageQuery): readonly CoverageTotal[] {
  return Array.from(connection.rows(SELECT_COVERAGE_TOTALS, ...askedValues(query)), (row) => ({
    tenantId: String(row[0]),
    service: String(row[1]),
    ...coverageSumsOf(row.slice(2)),
    witnessedTokens: Number(row.at(-1)),
  }));
}

const SELECT_ROOM = `
  SELECT coalesce(max(registers), 0), coalesce(sum(lost), 0) FROM (
    SELECT count(*) AS registers, sum(lost) AS lost FROM sender_meters_1h
    WHERE tenant_key IN (SELECT tenant_key FROM tenants) AND hour_start_ms >= ? GROUP BY tenant_key, hour_start_ms
  )`;

export function readMeterRoom(connection: SqliteConnection, fromMs: number): MeterRoom {
  const [registers, lostPoints] = connection.row(SELECT_ROOM, fromMs) ?? [];
  return { registers: Number(registers), lostPoints: Number(lostPoints) };
}

function askedValues({ fromMs, toMs, tenantId, service, session }: CoverageQuery): SqlValue[] {
  return [fromMs, toMs, tenantsValue(tenantId), service, session];
}

/**
 * Registers before the instant go, unless a later one of their series needs them to know what it added: of these the
 * last one stays, as a baseline that no answer shows. Each runs in a transaction of its own.
 */
export const PRUNE_SENDER_METERS = [
  `DELETE FROM sender_meters_1h AS r WHERE r.tenant_key = ?1 AND r.hour_start_ms < ?2 AND (r.is_delta = 1
    OR NOT EXISTS (SELECT 1 FROM sender_meters_1h l WHERE l.tenant_key = r.tenant_key AND l.stream = r.stream
      AND l.is_delta = 0 AND l.hour_start_ms >= ?2)
    OR EXISTS (SELECT 1 FROM sender_meters_1h l WHERE l.tenant_key = r.tenant_key AND l.stream = r.stream
      AND l.is_delta = 0 AND l.hour_start_ms > r.hour_start_ms AND l.hour_start_ms < ?2))`,
  'UPDATE sender_meters_1h SET is_baseline = 1 WHERE tenant_key = ?1 AND hour_start_ms < ?2 AND is_baseline = 0',
] as const;
