import type { Dimension } from '../metrics-reader.ts';
import { isOneOf } from './tenants-asked.ts';

/** The questions about window rows; most have the names of those of Postgres. */

export type WindowTable = 'metrics_1m' | 'metrics_1h' | 'metrics_1d';

interface Shape {
  readonly table: WindowTable;
  readonly order: 'asc' | 'desc';
}

/** CROSS JOIN fixes the order of the loops: the window rows lead, in the order of their key. */
const NAMED = 'CROSS JOIN series s ON s.series_id = m.series_id CROSS JOIN pairs p ON p.pair_id = s.pair_id';

/** Values: tenant key, from, to. */
export const selectTenantRows = ({ table, order }: Shape): string => `
  SELECT window_start_ms, series_id, sums FROM ${table}
  WHERE tenant_key = ?1 AND window_start_ms >= ?2 AND window_start_ms < ?3
  ORDER BY window_start_ms ${order}`;

/** Values: tenant key, from, to, route, model, provider (null: any). */
export const selectMatchingRows = ({ table, order }: Shape): string => `
  SELECT m.window_start_ms, m.series_id, m.sums FROM ${table} m ${NAMED}
  WHERE m.tenant_key = ?1 AND m.window_start_ms >= ?2 AND m.window_start_ms < ?3
    AND (?4 IS NULL OR p.route = ?4) AND (?5 IS NULL OR p.model = ?5) AND (?6 IS NULL OR s.provider = ?6)
  ORDER BY m.window_start_ms ${order}`;

interface OfSeries {
  readonly order: 'asc' | 'desc';
  /** Makes the text, and so the prepared statement, one of its own: several are walked at a time. */
  readonly stream: number;
}

/** Values: series id, from, to. */
export const selectSeriesRows = ({ table, order, stream }: OfSeries & { readonly table: WindowTable }): string => `
  SELECT window_start_ms, sums -- ${stream}
  FROM ${table} INDEXED BY ${table}_series
  WHERE series_id = ?1 AND window_start_ms >= ?2 AND window_start_ms < ?3
  ORDER BY window_start_ms ${order}`;

/** Values: series id, from, to. */
export const selectHoursOfSeries = ({ order, stream }: OfSeries): string => `
  SELECT tenant_key, window_start_ms, minutes -- ${stream}
  FROM metrics_1h INDEXED BY metrics_1h_series
  WHERE series_id = ?1 AND window_start_ms >= ?2 AND window_start_ms < ?3
  ORDER BY window_start_ms ${order}`;

/** Values: tenant key, window start, series. */
export const SELECT_MINUTE =
  'SELECT sums FROM metrics_1m WHERE tenant_key = ? AND window_start_ms = ? AND series_id = ?';

/** Values: series. */
export const SELECT_NAMES_OF_SERIES = `
  SELECT p.route, p.model, s.provider FROM series s CROSS JOIN pairs p ON p.pair_id = s.pair_id WHERE s.series_id = ?`;

/** Values: tenant key, route, model, provider (null: any), limit. */
export const SELECT_MATCHING_SERIES = `
  SELECT s.series_id FROM pairs p CROSS JOIN series s ON s.pair_id = p.pair_id
  WHERE p.tenant_key = ?1 AND (?2 IS NULL OR p.route = ?2) AND (?3 IS NULL OR p.model = ?3)
    AND (?4 IS NULL OR s.provider = ?4)
  LIMIT ?5`;

/** Values: tenants (null: all). */
export const SELECT_TENANTS = `
  SELECT t.tenant_key, t.tenant_id FROM tenants t WHERE ${isOneOf('t.tenant_id', '?1')}`;

/** Values: tenant key, since, route, model (null: any). */
export const SELECT_CHANGED = `
  SELECT m.changed_at_ms, m.window_start_ms, p.pair_id, p.route, p.model
  FROM metrics_1m m INDEXED BY metrics_1m_changed ${NAMED}
  WHERE m.tenant_key = ?1 AND m.changed_at_ms >= ?2
    AND (?3 IS NULL OR p.route = ?3) AND (?4 IS NULL OR p.model = ?4)
  ORDER BY m.changed_at_ms, m.window_start_ms`;

/** One minute of a pair, a row per provider. Values: tenant key, window start, pair. */
export const SELECT_MINUTE_OF_PAIR = `
  SELECT m.revision, m.changed_at_ms, m.sums
  FROM series s
  CROSS JOIN metrics_1m m ON m.tenant_key = ?1 AND m.window_start_ms = ?2 AND m.series_id = s.series_id
  WHERE s.pair_id = ?3`;

/** A series of which all was taken back again is as if it had never been. */
const IS_COUNTED = `EXISTS (SELECT 1 FROM metrics_1d d WHERE d.series_id = s.series_id AND d.requests <> 0)`;

/** Series that were counted in a window; usage alone does not make a series appear. Values: tenants (null: all). */
export const SELECT_DIMENSIONS = `
  SELECT t.tenant_id, p.route, p.model, s.provider, s.last_window_start_ms
  FROM tenants t JOIN pairs p ON p.tenant_key = t.tenant_key JOIN series s ON s.pair_id = p.pair_id
  WHERE ${isOneOf('t.tenant_id', '?1')} AND s.last_window_start_ms >= 0 AND ${IS_COUNTED}
  ORDER BY t.tenant_id, p.route, p.model, s.provider`;

export const SELECT_QUEUED = `
  SELECT p.tenant_key, t.tenant_id, u.pair_id, p.route, p.model, u.window_start_ms
  FROM unpublished_rows u
  CROSS JOIN pairs p ON p.pair_id = u.pair_id
  CROSS JOIN tenants t ON t.tenant_key = p.tenant_key
  ORDER BY u.queue_id LIMIT ?1`;

/** Values: pair, window start, tenant key, published revision. A row that is gone needs no publishing either. */
export const UNQUEUE_ROW = `
  DELETE FROM unpublished_rows WHERE pair_id = ?1 AND window_start_ms = ?2 AND ?4 = coalesce((
    SELECT sum(m.revision) FROM series s
    CROSS JOIN metrics_1m m ON m.tenant_key = ?3 AND m.window_start_ms = ?2 AND m.series_id = s.series_id
    WHERE s.pair_id = ?1), ?4)`;

/**
 * Tenants with rows and the newest day of each, the latest first. Not by their activity, which is never after the
 * commit. Values: tenants (null: all).
 */
export const SELECT_TENANT_DAYS = `
  SELECT t.tenant_id, (SELECT max(d.window_start_ms) FROM metrics_1d d WHERE d.tenant_key = t.tenant_key) AS last_ms
  FROM tenants t WHERE ${isOneOf('t.tenant_id', '?1')} AND last_ms IS NOT NULL ORDER BY last_ms DESC, t.tenant_id`;

/**
 * The first and the last day with rows, each found at an end of a tenant's part of the key. Values: tenants (null:
 * all).
 */
export const SELECT_SPAN = `
  SELECT
    min((SELECT min(d.window_start_ms) FROM metrics_1d d WHERE d.tenant_key = t.tenant_key)),
    max((SELECT max(d.window_start_ms) FROM metrics_1d d WHERE d.tenant_key = t.tenant_key))
  FROM tenants t WHERE ${isOneOf('t.tenant_id', '?1')}`;

const DIMENSION_COLUMNS = {
  tenant: 't.tenant_id',
  route: 'p.route',
  model: 'p.model',
  provider: 's.provider',
} as const;

/** Values: tenants (null: all), the newest window and the value after which the page begins (null: all), limit. */
export const selectDimensionValues = (dimension: Dimension): string => {
  const value = DIMENSION_COLUMNS[dimension];
  return `
  SELECT ${value}, max(s.last_window_start_ms)
  FROM tenants t JOIN pairs p ON p.tenant_key = t.tenant_key JOIN series s ON s.pair_id = p.pair_id
  WHERE ${isOneOf('t.tenant_id', '?1')} AND s.last_window_start_ms >= 0 AND ${value} <> '' AND ${IS_COUNTED}
  GROUP BY ${value}
  HAVING ?2 IS NULL OR max(s.last_window_start_ms) < ?2 OR (max(s.last_window_start_ms) = ?2 AND ${value} > ?3)
  ORDER BY 2 DESC, 1 LIMIT ?4`;
};
