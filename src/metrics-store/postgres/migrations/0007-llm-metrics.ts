/** The original's table as a view, with its exact columns: for Grafana and psql. One row per minute, merged over providers. */
export const LLM_METRICS = `
CREATE VIEW llm_metrics AS
SELECT t.tenant_id, p.route, p.model, m.window_start, m.window_start + interval '1 minute' AS window_end,
  sum(m.requests)::bigint AS requests,
  sum(m.errors)::bigint AS errors,
  (sum(m.latency_us_sum) / 1000 / nullif(sum(m.completed), 0))::double precision AS avg_latency_ms,
  hist_quantile(hist_merge(m.latency), 0.95) AS p95_latency_ms,
  (sum(m.prompt_tokens) / nullif(sum(m.prompt_tokens_known), 0))::double precision AS avg_prompt_tokens,
  (sum(m.completion_tokens) / nullif(sum(m.completion_tokens_known), 0))::double precision AS avg_completion_tokens,
  (sum(m.cost_pico_usd) / 1000000000000)::double precision AS estimated_cost_usd
FROM metrics_1m m
JOIN series s ON s.series_id = m.series_id
JOIN pairs p ON p.pair_id = s.pair_id
JOIN tenants t ON t.tenant_key = m.tenant_key
GROUP BY t.tenant_id, p.route, p.model, m.window_start;
`;
