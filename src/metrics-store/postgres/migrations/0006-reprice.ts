/**
 * Adds cost corrections (`[{series_id, start_ms, billed_…, cost_pico_usd, unpriced_calls, expected_…}]`) to the rows that still cost
 * what is expected, and answers how many those were. The minute rows count as changed, so that they are published again.
 *
 * A row that another transaction is changing is waited for, and compared as that transaction leaves it.
 */
export const REPRICE = `
CREATE FUNCTION streamlens_reprice(corrections json, at_ms bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  w record;
  applied bigint := 0;
BEGIN
  FOR w IN WITH wanted AS (
    SELECT tenant_key, streamlens_at(start_ms) AS start, series_id, billed_provider, billed_model, band_from_tokens,
      cost_pico_usd AS cost, unpriced_calls AS unpriced, expected_pico_usd, expected_unpriced_calls
    FROM json_to_recordset(corrections) AS j (tenant_key bigint, start_ms bigint, series_id bigint, billed_provider text,
      billed_model text, band_from_tokens bigint, cost_pico_usd numeric, unpriced_calls bigint,
      expected_pico_usd numeric, expected_unpriced_calls bigint)
  ), corrected AS (
    UPDATE usage_1m u SET cost_pico_usd = u.cost_pico_usd + x.cost, unpriced_calls = u.unpriced_calls + x.unpriced
    FROM wanted x
    WHERE u.tenant_key = x.tenant_key AND u.window_start = x.start AND u.series_id = x.series_id
      AND u.billed_provider = x.billed_provider AND u.billed_model = x.billed_model
      AND u.band_from_tokens = x.band_from_tokens
      AND u.cost_pico_usd = x.expected_pico_usd AND u.unpriced_calls = x.expected_unpriced_calls
    RETURNING u.tenant_key, u.window_start, u.series_id, x.cost, x.unpriced
  ), summed AS (
    SELECT tenant_key, window_start, series_id, sum(cost) AS cost, sum(unpriced)::bigint AS unpriced, count(*) AS usage_rows
    FROM corrected GROUP BY 1, 2, 3
  )
  SELECT c.*, s.pair_id, date_trunc('hour', c.window_start, 'UTC') AS hour, date_trunc('day', c.window_start, 'UTC') AS day
  FROM summed c JOIN series s USING (series_id) ORDER BY c.series_id, c.window_start
  LOOP
    applied := applied + w.usage_rows;
    UPDATE metrics_1m m SET cost_pico_usd = cost_pico_usd + w.cost, unpriced_requests = unpriced_requests + w.unpriced
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.window_start AND m.series_id = w.series_id;
    UPDATE metrics_1h m SET cost_pico_usd = cost_pico_usd + w.cost, unpriced_requests = unpriced_requests + w.unpriced
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.hour AND m.series_id = w.series_id;
    UPDATE metrics_1d m SET cost_pico_usd = cost_pico_usd + w.cost, unpriced_requests = unpriced_requests + w.unpriced
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.day AND m.series_id = w.series_id;
    UPDATE changes_1m c SET revision = c.revision + 1, changed_at_ms = greatest(c.changed_at_ms, at_ms),
      queue_id = CASE WHEN c.revision > c.published_revision THEN c.queue_id ELSE nextval('changes_queue') END
    WHERE c.pair_id = w.pair_id AND c.window_start = w.window_start;
  END LOOP;
  RETURN applied;
END $$;
`;
