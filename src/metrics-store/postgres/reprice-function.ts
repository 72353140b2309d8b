import { BILLED_COLUMNS, BILLED_TYPES, REPRICED_TALLY_COLUMNS, REPRICED_USAGE_COLUMNS } from '../billed-columns.ts';

/** All of them as `numeric`, which Postgres casts to what the column is. */
const CHANGES = REPRICED_USAGE_COLUMNS.map((name) => `${name} numeric`).join(', ');
const EXPECTED = REPRICED_USAGE_COLUMNS.map((name) => `expected_${name} numeric`).join(', ');
const BILLED = BILLED_COLUMNS.map((name, index) => `${name} ${BILLED_TYPES[index]}`).join(', ');
const isSame = (columns: readonly string[], other: (name: string) => string): string =>
  columns.map((name) => `u.${name} = ${other(name)}`).join(' AND ');
const ADD_TO_WINDOW = REPRICED_TALLY_COLUMNS.map(
  (name, index) => `${name} = m.${name} + w.${REPRICED_USAGE_COLUMNS[index]}`,
).join(', ');

const addToWindow = (table: string, start: string): string => `
    UPDATE ${table} m SET ${ADD_TO_WINDOW}${table === 'metrics_1d' ? ', revision = m.revision + 1' : ''}
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.${start} AND m.series_id = w.series_id;`;

/**
 * Corrects usage rows that still say what was expected, and the minute, hour and day that each belongs to. In the order
 * in which commits take their locks. Answers with what it changed, by series and minute.
 */
export const REPRICE_FUNCTION = `
DROP FUNCTION IF EXISTS streamlens_reprice(json, bigint);
CREATE FUNCTION streamlens_reprice(corrections json, at_ms bigint)
RETURNS TABLE (usage_rows bigint, of_tenant bigint, of_series bigint, start_ms_of bigint, ${REPRICED_USAGE_COLUMNS.map((name) => `out_${name} numeric`).join(', ')})
LANGUAGE plpgsql AS $$
DECLARE
  w record;
BEGIN
  FOR w IN WITH wanted AS (
    SELECT streamlens_at(start_ms) AS start, j.*
    FROM json_to_recordset(corrections) AS j (tenant_key bigint, start_ms bigint, series_id bigint, ${BILLED},
      ${CHANGES}, ${EXPECTED})
  ), corrected AS (
    UPDATE usage_1m u SET ${REPRICED_USAGE_COLUMNS.map((name) => `${name} = u.${name} + x.${name}`).join(', ')}
    FROM wanted x
    WHERE u.tenant_key = x.tenant_key AND u.window_start = x.start AND u.series_id = x.series_id
      AND ${isSame(BILLED_COLUMNS, (name) => `x.${name}`)}
      AND ${isSame(REPRICED_USAGE_COLUMNS, (name) => `x.expected_${name}`)}
    RETURNING u.tenant_key, u.window_start, u.series_id, ${REPRICED_USAGE_COLUMNS.map((name) => `x.${name}`).join(', ')}
  ), summed AS (
    SELECT tenant_key, window_start, series_id, count(*) AS row_count,
      ${REPRICED_USAGE_COLUMNS.map((name) => `sum(${name}) AS ${name}`).join(', ')}
    FROM corrected GROUP BY 1, 2, 3
  )
  SELECT c.*, s.pair_id, date_trunc('hour', c.window_start, 'UTC') AS hour, date_trunc('day', c.window_start, 'UTC') AS day
  FROM summed c JOIN series s USING (series_id) ORDER BY c.series_id, c.window_start
  LOOP
    ${addToWindow('metrics_1m', 'window_start')}${addToWindow('metrics_1h', 'hour')}${addToWindow('metrics_1d', 'day')}
    UPDATE changes_1m c SET revision = c.revision + 1, changed_at_ms = greatest(c.changed_at_ms, at_ms),
      queue_id = CASE WHEN c.revision > c.published_revision THEN c.queue_id ELSE nextval('changes_queue') END
    WHERE c.pair_id = w.pair_id AND c.window_start = w.window_start;
    usage_rows := w.row_count;
    of_tenant := w.tenant_key;
    of_series := w.series_id;
    start_ms_of := date_part('epoch', w.window_start)::bigint * 1000;
${REPRICED_USAGE_COLUMNS.map((name) => `    out_${name} := w.${name};`).join('\n')}
    RETURN NEXT;
  END LOOP;
END $$;
`;
