import { BILLED_COLUMNS } from '../billed-columns.ts';
import {
  AUDIT_COLUMNS,
  AUDIT_ROW_BALANCES,
  EVALUATION_SUM_COLUMNS,
  USAGE_EXACT_COLUMNS,
  USAGE_SUM_COLUMNS,
} from '../tally-columns.ts';
import { isOneOf } from './tenants-asked.ts';

/** The questions about evaluations, audit, dead letters, usage and progress; those of SQLite have the same names. */

/**
 * Grouped here, as labels and sums are plain numbers. Values: tenant, from, to, name, route, model (null: any), step,
 * limit.
 */
export const SELECT_EVALUATIONS = `
  SELECT to_timestamp(floor(extract(epoch FROM e.window_start) * 1000 / $7::bigint) * $7::bigint / 1000) AS step, e.name,
    ${EVALUATION_SUM_COLUMNS.map((name) => `sum(e.${name})::bigint`).join(', ')}, sum(e.score_micro_sum),
    coalesce(json_agg(e.labels) FILTER (WHERE e.labels <> '{}'), '[]')::text
  FROM evaluations_1m e JOIN pairs p ON p.pair_id = e.pair_id
  WHERE e.tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1)
    AND e.window_start >= $2::timestamptz AND e.window_start <= $3::timestamptz AND e.count <> 0
    AND ($4::text IS NULL OR e.name = $4) AND ($5::text IS NULL OR p.route = $5) AND ($6::text IS NULL OR p.model = $6)
  GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT $8`;

/**
 * Values: from, to, tenants (null: any), the hour and tenant after which the page begins (null: all), limit (null:
 * none).
 */
export const SELECT_AUDIT = `
  SELECT hour_start, tenant_id, ${AUDIT_COLUMNS.join(', ')} FROM audit_1h
  WHERE hour_start >= $1::timestamptz AND hour_start <= $2::timestamptz AND ${isOneOf('tenant_id', '$3')}
    AND ($4::timestamptz IS NULL OR hour_start > $4 OR tenant_id > $5)
  ORDER BY hour_start, tenant_id LIMIT $6`;

/** Values: from, to, tenants (null: any). */
export const SELECT_AUDIT_TOTALS = `
  SELECT min(hour_start), max(hour_start), count(*) FILTER (WHERE NOT (${AUDIT_ROW_BALANCES})),
    ${AUDIT_COLUMNS.map((name) => `coalesce(sum(${name}), 0)::bigint`).join(', ')}
  FROM audit_1h
  WHERE hour_start >= $1::timestamptz AND hour_start <= $2::timestamptz AND ${isOneOf('tenant_id', '$3')}`;

const DEAD_LETTER = 'topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, record_key, record_value';
const NEWEST_FIRST = 'ORDER BY logged_at_ms DESC, topic DESC, partition DESC, log_offset DESC';

export const SELECT_DEAD_LETTERS = `SELECT ${DEAD_LETTER} FROM dead_letters ${NEWEST_FIRST} LIMIT $1`;

export const SELECT_DEAD_LETTERS_BEFORE = `
  SELECT ${DEAD_LETTER} FROM dead_letters
  WHERE (logged_at_ms, topic, partition, log_offset) < ($2, $3, $4, $5) ${NEWEST_FIRST} LIMIT $1`;

export const SELECT_UNPUBLISHED_DEAD_LETTERS = `
  SELECT ${DEAD_LETTER} FROM dead_letters WHERE NOT is_published
  ORDER BY logged_at_ms, topic, partition, log_offset LIMIT $1`;

/** Values: topic, partition, offset, as arrays. */
export const MARK_DEAD_LETTERS = `
  UPDATE dead_letters d SET is_published = true
  FROM unnest($1::text[], $2::int[], $3::bigint[]) AS x (topic, partition, log_offset)
  WHERE d.topic = x.topic AND d.partition = x.partition AND d.log_offset = x.log_offset`;

/** Values: from, to, tenants (null: all). */
export const SELECT_USAGE = `
  SELECT t.tenant_id, p.route, p.model, s.provider, u.window_start,
    ${[...BILLED_COLUMNS, ...USAGE_SUM_COLUMNS, ...USAGE_EXACT_COLUMNS].map((name) => `u.${name}`).join(', ')}
  FROM usage_1m u
  JOIN tenants t ON t.tenant_key = u.tenant_key
  JOIN series s ON s.series_id = u.series_id
  JOIN pairs p ON p.pair_id = s.pair_id
  WHERE u.window_start >= $1::timestamptz AND u.window_start <= $2::timestamptz AND ${isOneOf('t.tenant_id', '$3')}
  ORDER BY u.window_start, u.series_id`;

export const SELECT_PROGRESS = `
  SELECT partition, seq, token, positions, complete_through_ms, committed_at_ms, checkpoint FROM progress`;

/**
 * Two equal snapshots see the same transactions, whatever those wrote. A standby's snapshot leaves out the transactions
 * under way, so there it tells nothing. The server's start is in it because a server that takes over may count
 * transactions anew.
 */
export const SELECT_STATE = `
  SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_postmaster_start_time()::text || ' ' || pg_current_snapshot()::text END,
    (SELECT min(complete_through_ms) FROM progress)`;

/** Values: tenants, routes, models, providers, as arrays. Only what is there. */
export const FIND_SERIES = `
  SELECT x.n - 1, t.tenant_key, s.series_id
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS x (tenant_id, route, model, provider, n)
  JOIN tenants t ON t.tenant_id = x.tenant_id
  JOIN pairs p ON p.tenant_key = t.tenant_key AND md5(p.route) = md5(x.route) AND md5(p.model) = md5(x.model)
  JOIN series s ON s.pair_id = p.pair_id AND s.provider = x.provider`;

/**
 * Values: corrections as JSON. Cost by cost: a call that another transaction is changing is compared as that leaves it.
 */
export const REPRICE_CALLS = `
  UPDATE calls c SET cost_pico_usd = x.cost_pico_usd, list_cost_pico_usd = x.list_cost_pico_usd,
    cost_source = x.cost_source, bill = x.bill
  FROM json_to_recordset($1) AS x (tenant_id text, timestamp_ms bigint, request_id text, cost_pico_usd numeric,
    list_cost_pico_usd numeric, cost_source text, bill text, expected_pico_usd numeric)
  JOIN tenants t ON t.tenant_id = x.tenant_id
  WHERE c.tenant_key = t.tenant_key AND c."timestamp" = streamlens_at(x.timestamp_ms) AND c.request_id = x.request_id
    AND c.cost_pico_usd IS NOT DISTINCT FROM x.expected_pico_usd`;
