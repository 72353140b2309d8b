import { OVERFLOW } from '../../tally/series.ts';
import { SENDER_CALLS_COLUMNS } from '../coverage-query.ts';
import { INTERVALS_MAX, METERS_PER_HOUR_MAX, SENDERS_PER_HOUR_MAX } from '../sender-use.ts';

/** The part of a commit that adds what senders used; `commit-function.ts` says in which order. */

const list = (columns: readonly string[]): string => columns.join(', ');

const SENDER_KEY = 'tenant_key, hour_start, service, session';

interface Rows {
  /** The columns of a row besides tenant and hour. */
  readonly section: string;
  readonly columns: string;
  readonly table: string;
  /** What tells a row of an hour from others. */
  readonly names: readonly string[];
  readonly rowsMax: number;
}

/**
 * The CTE `roomed`: the rows of a section, and whether each has room: it is there already, or it is new and the hour is
 * not full. What is there is counted once for an hour, and only where something is new.
 */
const roomed = ({ section, columns, table, names, rowsMax }: Rows): string => `
  WITH named AS (
    SELECT x.*, streamlens_at(x.start_ms) AS hour_start, EXISTS (
      SELECT 1 FROM ${table} r WHERE r.tenant_key = x.tenant_key AND r.hour_start = streamlens_at(x.start_ms)
        AND ${names.map((name) => `r.${name} = x.${name}`).join(' AND ')}
    ) AS is_known
    FROM json_to_recordset(${section}) AS x (tenant_key bigint, start_ms bigint, ${columns})
  ), hours AS (
    SELECT tenant_key, hour_start, CASE WHEN bool_and(is_known) THEN 0 ELSE (
      SELECT count(*) FROM ${table} r WHERE r.tenant_key = n.tenant_key AND r.hour_start = n.hour_start
    ) END AS stored
    FROM named n GROUP BY tenant_key, hour_start
  ), roomed AS (
    SELECT n.*, n.is_known OR h.stored + row_number() OVER (
      PARTITION BY n.tenant_key, n.hour_start, n.is_known ORDER BY ${names.map((name) => `n.${name}`).join(', ')}
    ) <= ${rowsMax} AS has_room
    FROM named n JOIN hours h ON h.tenant_key = n.tenant_key AND h.hour_start = n.hour_start
  )`;

const orOverflow = (name: string, overflow = `'${OVERFLOW}'`): string =>
  `CASE WHEN has_room THEN ${name} ELSE ${overflow} END AS ${name}`;

/**
 * A new sender beyond the room of its hour is added up under `__overflow__`. One that found no room finds none later,
 * as the hour is full then: so what is taken back is taken from where it was added.
 */
export const UPSERT_SENDER_CALLS = `${roomed({
  section: 'sender_calls',
  columns: `service text, session text, ${SENDER_CALLS_COLUMNS.map((name) => `${name} numeric`).join(', ')}`,
  table: 'sender_calls_1h',
  names: ['service', 'session'],
  rowsMax: SENDERS_PER_HOUR_MAX,
})}, placed AS (
    SELECT tenant_key, hour_start, ${orOverflow('service')}, ${orOverflow('session')}, ${list(SENDER_CALLS_COLUMNS)}
    FROM roomed
  ), summed AS (
    SELECT ${SENDER_KEY}, ${SENDER_CALLS_COLUMNS.map((name) => `sum(${name}) AS ${name}`).join(', ')}
    FROM placed GROUP BY ${SENDER_KEY}
  )
  INSERT INTO sender_calls_1h AS s (${SENDER_KEY}, ${list(SENDER_CALLS_COLUMNS)})
  SELECT ${SENDER_KEY}, ${list(SENDER_CALLS_COLUMNS)} FROM summed
  ORDER BY tenant_key, hour_start, service COLLATE "C", session COLLATE "C"
  ON CONFLICT (${SENDER_KEY}) DO UPDATE SET
    ${SENDER_CALLS_COLUMNS.map((name) => `${name} = s.${name} + excluded.${name}`).join(', ')};`;

const METER_VALUES = 'stream, service, session, scope, precedence, part, is_delta, total, intervals, lost';

/** A new series beyond the room of its hour leaves a row that says so: what series say cannot be added up. */
export const UPSERT_METERS = `${roomed({
  section: 'meters',
  columns:
    'stream text, service text, session text, scope text, precedence int, part text, is_delta boolean, total bigint, intervals jsonb, lost bigint, points bigint',
  table: 'sender_meters_1h',
  names: ['stream'],
  rowsMax: METERS_PER_HOUR_MAX,
})}, placed AS (
    SELECT tenant_key, hour_start, ${METER_VALUES} FROM roomed WHERE has_room
    UNION ALL
    SELECT tenant_key, hour_start, '${OVERFLOW}', '${OVERFLOW}', '', '', 0, 'prompt', true, 0, jsonb '{}', sum(points)
    FROM roomed WHERE NOT has_room GROUP BY tenant_key, hour_start
  )
  INSERT INTO sender_meters_1h AS m (tenant_key, hour_start, ${METER_VALUES})
  SELECT tenant_key, hour_start, ${METER_VALUES} FROM placed ORDER BY tenant_key, hour_start, stream COLLATE "C"
  ON CONFLICT (tenant_key, hour_start, stream) DO UPDATE SET total = greatest(m.total, excluded.total),
    intervals = streamlens_intervals_max(m.intervals, excluded.intervals, ${INTERVALS_MAX}),
    lost = m.lost + excluded.lost + streamlens_intervals_lost(m.intervals, excluded.intervals, ${INTERVALS_MAX});`;
