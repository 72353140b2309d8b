import { ALL_SERIES, type PackedColumn } from '../packed-day.ts';
import { ofMatchingSeries, tallyOf, type WindowTable } from './window-statements.ts';

/** The statements about packed days; what they are is said in the schema and in `packed-day.ts`. */

const TENANT_KEY = '(SELECT tenant_key FROM tenants WHERE tenant_id = $1)';

/**
 * The next day of a tenant that is packed, and the windows of its total: null where that does not hold. Each change to
 * a series of the day raises the sum of their revisions, and none lowers it: so the total holds as long as that sum is
 * what it was. Values: tenant; the day begins on or after this and before that. Without `totalOf` null.
 */
export const selectNextDay = (end: 'min' | 'max', totalOf: PackedColumn | null): string => `
  SELECT n.day_start, ${totalOf === null ? 'NULL' : total(totalOf)}
  FROM (
    SELECT t.tenant_key, (
      SELECT ${end}(p.day_start) FROM packed_days p
      WHERE p.tenant_key = t.tenant_key AND p.day_start >= $2::timestamptz AND p.day_start < $3::timestamptz
    ) AS day_start
    FROM tenants t WHERE t.tenant_id = $1
  ) n WHERE n.day_start IS NOT NULL`;

const total = (column: PackedColumn): string => `(
    SELECT p.${column} FROM packed_days p
    WHERE p.tenant_key = n.tenant_key AND p.day_start = n.day_start AND p.series_id = ${ALL_SERIES} AND p.revision = (
      SELECT sum(d.revision) FROM metrics_1d d WHERE d.tenant_key = n.tenant_key AND d.window_start = n.day_start))`;

/**
 * The series of a day. Null: not packed, or changed since. Values: tenant, day, limit, and where it is filtered route,
 * model, provider (null: any).
 */
export const selectPackedSeries = (column: PackedColumn, isFiltered: boolean): string => `
  SELECT w.series_id, p.${column}
  FROM metrics_1d w LEFT JOIN packed_days p
    ON p.tenant_key = w.tenant_key AND p.day_start = w.window_start AND p.series_id = w.series_id
    AND p.revision = w.revision
  WHERE w.tenant_key = ${TENANT_KEY} AND w.window_start = $2::timestamptz${isFiltered ? ofMatchingSeries(4) : ''}
  ORDER BY w.series_id LIMIT $3`;

/** Values: tenant, from, to, ids of series. */
export const selectRowsOfSeries = (table: WindowTable, order: 'asc' | 'desc'): string => `
  SELECT date_part('epoch', w.window_start)::bigint * 1000, w.series_id, ${tallyOf('w')} FROM ${table} w
  WHERE w.tenant_key = ${TENANT_KEY} AND w.window_start >= $2::timestamptz AND w.window_start <= $3::timestamptz
    AND w.series_id = ANY ($4::bigint[])
  ORDER BY w.window_start ${order}, w.series_id`;

/**
 * Days of series in the order of their key, each with its revision and that of what is packed. Values: tenant key, day
 * and series after which to begin, from, before, limit.
 */
export const SELECT_DAYS = `
  SELECT d.tenant_key, d.window_start, d.series_id, d.revision, p.revision
  FROM metrics_1d d LEFT JOIN packed_days p
    ON p.tenant_key = d.tenant_key AND p.day_start = d.window_start AND p.series_id = d.series_id
  WHERE (d.tenant_key, d.window_start, d.series_id) > ($1::bigint, $2::timestamptz, $3::bigint)
    AND d.window_start >= $4::timestamptz AND d.window_start < $5::timestamptz
  ORDER BY d.tenant_key, d.window_start, d.series_id LIMIT $6`;

/** Values: tenant key, day, the day's last instant, ids of series. */
export const selectRowsToPack = (table: WindowTable): string => `
  SELECT date_part('epoch', w.window_start)::bigint * 1000, w.series_id, ${tallyOf('w')} FROM ${table} w
  WHERE w.tenant_key = $1 AND w.window_start >= $2::timestamptz AND w.window_start <= $3::timestamptz
    AND w.series_id = ANY ($4::bigint[])
  ORDER BY w.series_id, w.window_start`;

/** A day's revision, how many series it has, and the revision of its total. Values: tenant key, day. */
export const SELECT_DAY = `
  SELECT sum(d.revision)::bigint, count(*), (
    SELECT p.revision FROM packed_days p
    WHERE p.tenant_key = $1 AND p.day_start = $2::timestamptz AND p.series_id = ${ALL_SERIES})
  FROM metrics_1d d WHERE d.tenant_key = $1 AND d.window_start = $2::timestamptz`;

/** Values: tenant key, day. */
export const SELECT_SERIES_OF_TOTAL = `
  SELECT p.hours, p.five_minutes FROM metrics_1d d JOIN packed_days p
    ON p.tenant_key = d.tenant_key AND p.day_start = d.window_start AND p.series_id = d.series_id
    AND p.revision = d.revision
  WHERE d.tenant_key = $1 AND d.window_start = $2::timestamptz`;

/**
 * Values: tenant key, day, then as arrays ids of series, revisions, hours, five minutes. The lock keeps the day's rows
 * where they are until this is committed: whoever erases a tenant deletes them first, so that nothing of it comes back.
 */
const upsertPacked = (ofDay: string): string => `
  WITH kept AS (
    SELECT d.series_id FROM metrics_1d d WHERE d.tenant_key = $1 AND d.window_start = $2::timestamptz ${ofDay} FOR KEY SHARE
  )
  INSERT INTO packed_days AS p (tenant_key, day_start, series_id, revision, hours, five_minutes)
  SELECT $1, $2::timestamptz, x.series_id, x.revision, x.hours, x.five_minutes
  FROM unnest($3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[]) AS x (series_id, revision, hours, five_minutes)
  WHERE EXISTS (SELECT 1 FROM kept k WHERE x.series_id IN (k.series_id, ${ALL_SERIES}))
  ORDER BY x.series_id
  ON CONFLICT (tenant_key, day_start, series_id) DO UPDATE
  SET revision = excluded.revision, hours = excluded.hours, five_minutes = excluded.five_minutes
  WHERE p.revision < excluded.revision`;
export const UPSERT_PACKED_SERIES = upsertPacked('AND d.series_id = ANY ($3::bigint[]) ORDER BY d.series_id');
export const UPSERT_PACKED_TOTAL = upsertPacked('ORDER BY d.series_id LIMIT 1');
