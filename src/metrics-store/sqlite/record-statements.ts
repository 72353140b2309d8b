import { AUDIT_COLUMNS, AUDIT_ROW_BALANCES, EVALUATION_SUM_COLUMNS } from '../tally-columns.ts';
import { isOneOf } from './tenants-asked.ts';

/** The questions about evaluations, audit, dead letters and usage; most have the names of those of Postgres. */

/** Values: tenant key, from, to, name, route, model (null: any). */
export const SELECT_EVALUATIONS = `
  SELECT e.window_start_ms, e.name, ${EVALUATION_SUM_COLUMNS.map((name) => `e.${name}`).join(', ')}, e.score_micro_sum, e.labels
  FROM evaluations_1m e CROSS JOIN pairs p ON p.pair_id = e.pair_id
  WHERE e.tenant_key = ?1 AND e.window_start_ms >= ?2 AND e.window_start_ms < ?3 AND e.count <> 0
    AND (?4 IS NULL OR e.name = ?4) AND (?5 IS NULL OR p.route = ?5) AND (?6 IS NULL OR p.model = ?6)
  ORDER BY e.window_start_ms DESC`;

/**
 * Values: from, to, tenants (null: any), the hour and tenant after which the page begins (null: all), limit (−1: none).
 */
export const SELECT_AUDIT = `
  SELECT hour_start_ms, tenant_id, ${AUDIT_COLUMNS.join(', ')} FROM audit_1h
  WHERE hour_start_ms >= ?1 AND hour_start_ms < ?2 AND ${isOneOf('tenant_id', '?3')}
    AND (?4 IS NULL OR hour_start_ms > ?4 OR tenant_id > ?5)
  ORDER BY hour_start_ms, tenant_id LIMIT ?6`;

/** Values: from, to, tenants (null: any). */
export const SELECT_AUDIT_TOTALS = `
  SELECT min(hour_start_ms), max(hour_start_ms), count(*) FILTER (WHERE NOT (${AUDIT_ROW_BALANCES})),
    ${AUDIT_COLUMNS.map((name) => `coalesce(sum(${name}), 0)`).join(', ')}
  FROM audit_1h WHERE hour_start_ms >= ?1 AND hour_start_ms < ?2 AND ${isOneOf('tenant_id', '?3')}`;

const DEAD_LETTER = 'topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, record_key, record_value';
const NEWEST_FIRST = 'ORDER BY logged_at_ms DESC, topic DESC, partition DESC, log_offset DESC LIMIT ?';

export const SELECT_DEAD_LETTERS = `SELECT ${DEAD_LETTER} FROM dead_letters ${NEWEST_FIRST}`;

export const SELECT_DEAD_LETTERS_BEFORE = `
  SELECT ${DEAD_LETTER} FROM dead_letters
  WHERE (logged_at_ms, topic, partition, log_offset) < (?, ?, ?, ?) ${NEWEST_FIRST}`;

export const SELECT_UNPUBLISHED_DEAD_LETTERS = `
  SELECT ${DEAD_LETTER} FROM dead_letters INDEXED BY dead_letters_unpublished WHERE is_published = 0
  ORDER BY logged_at_ms, topic, partition, log_offset LIMIT ?`;

export const MARK_DEAD_LETTER =
  'UPDATE dead_letters SET is_published = 1 WHERE topic = ? AND partition = ? AND log_offset = ?';

/** Values: from, to, tenants (null: all). Tenant by tenant, as their keys lead the index. */
export const SELECT_USAGE = `
  SELECT t.tenant_id, p.route, p.model, s.provider, m.window_start_ms, m.sums
  FROM tenants t
  CROSS JOIN metrics_1m m ON m.tenant_key = t.tenant_key AND m.window_start_ms >= ?1 AND m.window_start_ms < ?2
  CROSS JOIN series s ON s.series_id = m.series_id
  CROSS JOIN pairs p ON p.pair_id = s.pair_id
  WHERE ${isOneOf('t.tenant_id', '?3')}`;

/** Values: cost, cost by the list, source, bill, tenant key, timestamp, id, expected cost. */
export const REPRICE_CALL = `
  UPDATE calls SET cost_pico_usd = ?, list_cost_pico_usd = ?, cost_source = ?, bill = ?
  WHERE tenant_key = ? AND timestamp_ms = ? AND request_id = ? AND cost_pico_usd IS ?`;

/** Values: sums to add, tenant key, window start, series. */
export const ADD_TO_HOUR = addTo('metrics_1h');

/** As that; what is packed of the day is out of date then. */
export const ADD_TO_DAY = addTo('metrics_1d', 'revision = revision + 1');

export const ADD_TO_MINUTE = addTo('metrics_1m');

/** Values: tenant key, window start, series. */
export const SELECT_MINUTE_TO_CHANGE =
  'SELECT revision, sums FROM metrics_1m WHERE tenant_key = ? AND window_start_ms = ? AND series_id = ?';

/** Values: committed at, tenant key, window start, series. */
export const TOUCH_MINUTE = `
  UPDATE metrics_1m SET revision = revision + 1, changed_at_ms = max(changed_at_ms, ?)
  WHERE tenant_key = ? AND window_start_ms = ? AND series_id = ? AND revision > 0 RETURNING 1`;

function addTo(table: string, ...more: readonly string[]): string {
  return `
  UPDATE ${table} SET ${['sums = sums_add(sums, ?)', ...more].join(', ')}
  WHERE tenant_key = ? AND window_start_ms = ? AND series_id = ?`;
}
