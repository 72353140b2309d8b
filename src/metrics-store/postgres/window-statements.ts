import type { Dimension } from '../metrics-reader.ts';
import {
  TALLY_EXACT_COLUMNS,
  TALLY_HISTOGRAM_COLUMNS,
  TALLY_MAX_COLUMNS,
  TALLY_SUM_COLUMNS,
} from '../tally-columns.ts';
import { isOneOf } from './tenants-asked.ts';

/** The questions about window rows; those of SQLite have the same names. */

export type WindowTable = 'metrics_1m' | 'metrics_1h' | 'metrics_1d';

interface Shape {
  readonly table: WindowTable;
  readonly order: 'asc' | 'desc';
  readonly isFiltered: boolean;
}

/**
 * A tally in three texts, see `addStoredTally`. As single columns, finding and reading 20 short texts a row took longer
 * in the client than all else together.
 */
export const tallyOf = (alias: string): string => {
  const of = (columns: readonly string[]): string => columns.map((name) => `${alias}.${name}`).join(', ');
  return `concat_ws(' ', ${of([...TALLY_SUM_COLUMNS, ...TALLY_MAX_COLUMNS, ...TALLY_EXACT_COLUMNS])}), ${of(TALLY_HISTOGRAM_COLUMNS)}`;
};

/** Of the tenant $1; the values from `first` on are route, model, provider (null: any). */
export const ofMatchingSeries = (first: number): string => `
      AND w.series_id = ANY (ARRAY(
        SELECT s.series_id FROM tenants t JOIN pairs p ON p.tenant_key = t.tenant_key JOIN series s ON s.pair_id = p.pair_id
        WHERE t.tenant_id = $1 AND ($${first}::text IS NULL OR p.route = $${first}) AND ($${first + 1}::text IS NULL OR p.model = $${first + 1})
          AND ($${first + 2}::text IS NULL OR s.provider = $${first + 2})
      ))`;

/**
 * One page of a scan. Values: tenant, from, to, the series after which the page begins within its first window (null:
 * all of it), limit. The primary key gives the rows in order, whatever the planner believes about the dictionary.
 */
export const selectTenantRows = ({ table, order, isFiltered }: Shape): string => {
  const [beyond, first] = order === 'asc' ? ['>', '$2'] : ['<', '$3'];
  return `
  SELECT date_part('epoch', w.window_start)::bigint * 1000, w.series_id, ${tallyOf('w')} FROM ${table} w
  WHERE w.tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = $1)
    AND w.window_start >= $2::timestamptz AND w.window_start <= $3::timestamptz
    AND ($4::bigint IS NULL OR (w.window_start, w.series_id) ${beyond} (${first}::timestamptz, $4))${isFiltered ? ofMatchingSeries(6) : ''}
  ORDER BY w.window_start ${order}, w.series_id ${order} LIMIT $5`;
};

/** Values: ids of series. */
export const SELECT_SERIES_NAMES = `
  SELECT s.series_id, p.route, p.model, s.provider FROM series s JOIN pairs p ON p.pair_id = s.pair_id
  WHERE s.series_id = ANY ($1::bigint[])`;

/**
 * A minute of a pair, a row per provider, for each of the chosen changes `c`. OFFSET 0 keeps the last step a look-up of
 * one row: joined freely, it was planned as a scan of all windows of a series, at 100 times the cost.
 */
const MERGED = `
  SELECT c.tenant_key, c.pair_id, p.route, p.model, c.window_start, c.revision, c.changed_at_ms, ${tallyOf('m')}, t.tenant_id
  FROM chosen c
  JOIN tenants t ON t.tenant_key = c.tenant_key
  JOIN pairs p ON p.pair_id = c.pair_id
  JOIN series s ON s.pair_id = c.pair_id
  CROSS JOIN LATERAL (
    SELECT * FROM metrics_1m w
    WHERE w.tenant_key = c.tenant_key AND w.window_start = c.window_start AND w.series_id = s.series_id OFFSET 0
  ) m`;

/**
 * Values: tenants (null: all), since, route, model (null: any), limit. WITH TIES: the changes of one instant come
 * together.
 */
export const SELECT_CHANGED = `
  WITH chosen AS (
    SELECT c.tenant_key, c.pair_id, c.window_start, c.revision, c.changed_at_ms
    FROM changes_1m c JOIN tenants t ON t.tenant_key = c.tenant_key JOIN pairs p ON p.pair_id = c.pair_id
    WHERE ${isOneOf('t.tenant_id', '$1')} AND c.changed_at_ms >= $2
      AND ($3::text IS NULL OR p.route = $3) AND ($4::text IS NULL OR p.model = $4)
    ORDER BY c.changed_at_ms FETCH FIRST $5 ROWS WITH TIES
  ) ${MERGED}
  ORDER BY c.changed_at_ms, c.window_start, c.pair_id`;

export const SELECT_QUEUED = `
  WITH chosen AS (
    SELECT tenant_key, pair_id, window_start, revision, changed_at_ms, queue_id
    FROM changes_1m WHERE revision > published_revision ORDER BY queue_id LIMIT $1
  ) ${MERGED}
  ORDER BY c.queue_id`;

/** Values: tenant, route, model, window start, revision, as arrays. Only ever forward: a late mark changes nothing. */
export const MARK_PUBLISHED = `
  WITH marked AS (
    SELECT p.pair_id, x.window_start, x.revision
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])
      AS x (tenant_id, route, model, window_start, revision)
    JOIN tenants t ON t.tenant_id = x.tenant_id
    JOIN pairs p ON p.tenant_key = t.tenant_key AND md5(p.route) = md5(x.route) AND md5(p.model) = md5(x.model)
  ), locked AS (
    SELECT c.pair_id, c.window_start, m.revision FROM changes_1m c JOIN marked m USING (pair_id, window_start)
    ORDER BY c.pair_id, c.window_start FOR NO KEY UPDATE OF c
  )
  UPDATE changes_1m c SET published_revision = greatest(c.published_revision, l.revision)
  FROM locked l WHERE c.pair_id = l.pair_id AND c.window_start = l.window_start`;

/** A series of which all was taken back again is as if it had never been. */
const IS_COUNTED = `EXISTS (SELECT 1 FROM metrics_1d d WHERE d.series_id = s.series_id AND d.requests <> 0)`;

/** Series that were counted in a window. Values: tenant (null: all). */
export const SELECT_DIMENSIONS = `
  SELECT t.tenant_id, p.route, p.model, s.provider, s.last_window_start
  FROM tenants t JOIN pairs p ON p.tenant_key = t.tenant_key JOIN series s ON s.pair_id = p.pair_id
  WHERE ${isOneOf('t.tenant_id', '$1')} AND s.last_window_start IS NOT NULL AND ${IS_COUNTED}
  ORDER BY t.tenant_id, p.route, p.model, s.provider`;

/**
 * Tenants with rows and the newest day of each, the latest first. Not by their activity, which is never after the
 * commit. Values: tenants (null: all).
 */
export const SELECT_TENANT_DAYS = `
  SELECT t.tenant_id, d.last FROM tenants t
  CROSS JOIN LATERAL (SELECT max(m.window_start) AS last FROM metrics_1d m WHERE m.tenant_key = t.tenant_key) d
  WHERE ${isOneOf('t.tenant_id', '$1')} AND d.last IS NOT NULL ORDER BY d.last DESC, t.tenant_id`;

/**
 * The first and the last day with rows, each found at an end of a tenant's part of the key. Values: tenants (null:
 * all).
 */
export const SELECT_SPAN = `
  SELECT min((SELECT min(d.window_start) FROM metrics_1d d WHERE d.tenant_key = t.tenant_key)),
    max((SELECT max(d.window_start) FROM metrics_1d d WHERE d.tenant_key = t.tenant_key))
  FROM tenants t WHERE ${isOneOf('t.tenant_id', '$1')}`;

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
  SELECT ${value}, max(s.last_window_start)
  FROM tenants t JOIN pairs p ON p.tenant_key = t.tenant_key JOIN series s ON s.pair_id = p.pair_id
  WHERE ${isOneOf('t.tenant_id', '$1')} AND s.last_window_start IS NOT NULL AND ${value} <> '' AND ${IS_COUNTED}
  GROUP BY ${value}
  HAVING $2::timestamptz IS NULL OR max(s.last_window_start) < $2 OR (max(s.last_window_start) = $2 AND ${value} > $3::text)
  ORDER BY 2 DESC, 1 LIMIT $4`;
};
