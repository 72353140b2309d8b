-- Written by test/distributed/postgres-schema.test.ts with UPDATE_SCHEMA=1; compared by it.

CREATE TABLE api_keys (
  key_id text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  name text NOT NULL,
  roles text[] NOT NULL,
  tenants text[],
  created_at_ms bigint NOT NULL,
  revoked_at_ms bigint
);

CREATE TABLE audit_1h (
  hour_start timestamp with time zone NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  accepted_requests bigint NOT NULL,
  counted_requests bigint NOT NULL,
  duplicate_requests bigint NOT NULL,
  dead_requests bigint NOT NULL,
  foreign_requests bigint NOT NULL,
  accepted_responses bigint NOT NULL,
  counted_responses bigint NOT NULL,
  waiting_responses bigint NOT NULL,
  duplicate_responses bigint NOT NULL,
  dead_responses bigint NOT NULL,
  foreign_responses bigint NOT NULL,
  accepted_evaluations bigint NOT NULL,
  counted_evaluations bigint NOT NULL,
  waiting_evaluations bigint NOT NULL,
  duplicate_evaluations bigint NOT NULL,
  dead_evaluations bigint NOT NULL,
  foreign_evaluations bigint NOT NULL,
  accepted_reports bigint NOT NULL,
  counted_reports bigint NOT NULL,
  folded_reports bigint NOT NULL,
  context_reports bigint NOT NULL,
  agent_only_reports bigint NOT NULL,
  duplicate_reports bigint NOT NULL,
  dead_reports bigint NOT NULL,
  late_reports bigint NOT NULL,
  corrected_calls bigint NOT NULL,
  meter_points bigint NOT NULL
);

CREATE TABLE calls (
  tenant_key bigint NOT NULL,
  timestamp timestamp with time zone NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  route text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  provider text COLLATE "C" NOT NULL,
  status text NOT NULL,
  latency_ms double precision,
  time_to_first_token_ms double precision,
  prompt_tokens bigint,
  completion_tokens bigint,
  cached_prompt_tokens bigint,
  cache_write_tokens bigint,
  reasoning_tokens bigint,
  finish_reason text,
  error text,
  answered_model text,
  error_kind text,
  service_tier text,
  cost_pico_usd numeric,
  cost_source text,
  reported_cost_pico_usd numeric,
  list_cost_pico_usd numeric,
  bill text,
  user_id_hash text,
  session_id text,
  metadata text
) PARTITION BY RANGE ("timestamp");

CREATE TABLE changes_1m (
  tenant_key bigint NOT NULL,
  pair_id bigint NOT NULL,
  window_start timestamp with time zone NOT NULL,
  revision bigint NOT NULL,
  published_revision bigint NOT NULL DEFAULT 0,
  queue_id bigint NOT NULL,
  changed_at_ms bigint NOT NULL
);

CREATE TABLE dead_letter_replays (
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  log_offset bigint NOT NULL,
  replayed_at_ms bigint NOT NULL
);

CREATE TABLE dead_letters (
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  log_offset bigint NOT NULL,
  logged_at_ms bigint NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  tenant_id text,
  record_key bytea,
  record_value bytea,
  is_published boolean NOT NULL DEFAULT false
);

CREATE TABLE dimension_days (
  tenant_key bigint NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  day_start timestamp with time zone NOT NULL,
  value_id bigint NOT NULL
);

CREATE TABLE dimension_sums (
  tenant_key bigint NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  window_ms integer NOT NULL,
  window_start timestamp with time zone NOT NULL,
  piece_id bigint NOT NULL IDENTITY,
  sums bytea NOT NULL
);

CREATE TABLE dimension_values (
  value_id bigint NOT NULL IDENTITY,
  tenant_key bigint NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL
);

CREATE TABLE evaluation_labels (
  tenant_key bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  label text COLLATE "C" NOT NULL
);

CREATE TABLE evaluation_names (
  tenant_key bigint NOT NULL,
  name text COLLATE "C" NOT NULL
);

CREATE TABLE evaluations_1m (
  tenant_key bigint NOT NULL,
  window_start timestamp with time zone NOT NULL,
  name text COLLATE "C" NOT NULL,
  pair_id bigint NOT NULL,
  count bigint NOT NULL,
  scored bigint NOT NULL,
  score_micro_sum numeric NOT NULL,
  judged bigint NOT NULL,
  passed bigint NOT NULL,
  labels jsonb NOT NULL
) PARTITION BY RANGE (window_start);

CREATE TABLE group_members (
  member_id text COLLATE "C" NOT NULL,
  backend_pid integer NOT NULL,
  backend_start timestamp with time zone NOT NULL
);

CREATE TABLE metrics_1d (
  tenant_key bigint NOT NULL,
  window_start timestamp with time zone NOT NULL,
  series_id bigint NOT NULL,
  requests bigint NOT NULL,
  completed bigint NOT NULL,
  unanswered bigint NOT NULL,
  errors bigint NOT NULL,
  errors_rate_limit bigint NOT NULL,
  errors_timeout bigint NOT NULL,
  errors_auth bigint NOT NULL,
  errors_invalid_request bigint NOT NULL,
  errors_content_filter bigint NOT NULL,
  errors_server bigint NOT NULL,
  cancelled bigint NOT NULL,
  latency_known bigint NOT NULL,
  latency_us_sum bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  prompt_tokens_known bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  completion_tokens_known bigint NOT NULL,
  cached_prompt_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  unpriced_requests bigint NOT NULL,
  priced_by_provider bigint NOT NULL,
  priced_by_gateway bigint NOT NULL,
  priced_by_list bigint NOT NULL,
  priced_by_file bigint NOT NULL,
  latency_us_max bigint NOT NULL,
  cost_pico_usd numeric NOT NULL,
  reported_cost_pico_usd numeric NOT NULL,
  list_cost_pico_usd numeric NOT NULL,
  latency bigint[] NOT NULL,
  time_to_first_token bigint[] NOT NULL,
  revision bigint NOT NULL DEFAULT 0
) PARTITION BY RANGE (window_start);

CREATE TABLE metrics_1h (
  tenant_key bigint NOT NULL,
  window_start timestamp with time zone NOT NULL,
  series_id bigint NOT NULL,
  requests bigint NOT NULL,
  completed bigint NOT NULL,
  unanswered bigint NOT NULL,
  errors bigint NOT NULL,
  errors_rate_limit bigint NOT NULL,
  errors_timeout bigint NOT NULL,
  errors_auth bigint NOT NULL,
  errors_invalid_request bigint NOT NULL,
  errors_content_filter bigint NOT NULL,
  errors_server bigint NOT NULL,
  cancelled bigint NOT NULL,
  latency_known bigint NOT NULL,
  latency_us_sum bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  prompt_tokens_known bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  completion_tokens_known bigint NOT NULL,
  cached_prompt_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  unpriced_requests bigint NOT NULL,
  priced_by_provider bigint NOT NULL,
  priced_by_gateway bigint NOT NULL,
  priced_by_list bigint NOT NULL,
  priced_by_file bigint NOT NULL,
  latency_us_max bigint NOT NULL,
  cost_pico_usd numeric NOT NULL,
  reported_cost_pico_usd numeric NOT NULL,
  list_cost_pico_usd numeric NOT NULL,
  latency bigint[] NOT NULL,
  time_to_first_token bigint[] NOT NULL
) PARTITION BY RANGE (window_start);

CREATE TABLE metrics_1m (
  tenant_key bigint NOT NULL,
  window_start timestamp with time zone NOT NULL,
  series_id bigint NOT NULL,
  requests bigint NOT NULL,
  completed bigint NOT NULL,
  unanswered bigint NOT NULL,
  errors bigint NOT NULL,
  errors_rate_limit bigint NOT NULL,
  errors_timeout bigint NOT NULL,
  errors_auth bigint NOT NULL,
  errors_invalid_request bigint NOT NULL,
  errors_content_filter bigint NOT NULL,
  errors_server bigint NOT NULL,
  cancelled bigint NOT NULL,
  latency_known bigint NOT NULL,
  latency_us_sum bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  prompt_tokens_known bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  completion_tokens_known bigint NOT NULL,
  cached_prompt_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  unpriced_requests bigint NOT NULL,
  priced_by_provider bigint NOT NULL,
  priced_by_gateway bigint NOT NULL,
  priced_by_list bigint NOT NULL,
  priced_by_file bigint NOT NULL,
  latency_us_max bigint NOT NULL,
  cost_pico_usd numeric NOT NULL,
  reported_cost_pico_usd numeric NOT NULL,
  list_cost_pico_usd numeric NOT NULL,
  latency bigint[] NOT NULL,
  time_to_first_token bigint[] NOT NULL
) PARTITION BY RANGE (window_start);

CREATE TABLE packed_days (
  tenant_key bigint NOT NULL,
  day_start timestamp with time zone NOT NULL,
  series_id bigint NOT NULL,
  revision bigint NOT NULL,
  hours bytea NOT NULL,
  five_minutes bytea NOT NULL
);

CREATE TABLE pairs (
  pair_id bigint NOT NULL IDENTITY,
  tenant_key bigint NOT NULL,
  route text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  provider_count integer NOT NULL DEFAULT 0
);

CREATE TABLE processors (
  processor_id text COLLATE "C" NOT NULL,
  place text COLLATE "C" NOT NULL,
  seen_at_ms bigint NOT NULL,
  settings text NOT NULL
) WITH (fillfactor=50);

CREATE TABLE progress (
  partition integer NOT NULL,
  seq bigint NOT NULL,
  token text NOT NULL,
  positions json NOT NULL,
  complete_through_ms bigint NOT NULL,
  committed_at_ms bigint NOT NULL,
  checkpoint bytea NOT NULL
) WITH (fillfactor=50);

CREATE TABLE reconciliations (
  reconciliation_id text COLLATE "C" NOT NULL,
  made_at_ms bigint NOT NULL,
  tenant_id text,
  report text NOT NULL
);

CREATE TABLE sender_calls_1h (
  tenant_key bigint NOT NULL,
  hour_start timestamp with time zone NOT NULL,
  service text COLLATE "C" NOT NULL,
  session text COLLATE "C" NOT NULL,
  calls bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  cached_prompt_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  unpriced_calls bigint NOT NULL,
  cost_pico_usd numeric NOT NULL
) WITH (fillfactor=70);

CREATE TABLE sender_debts (
  name text COLLATE "C" NOT NULL,
  paid_until_ms double precision NOT NULL
) WITH (fillfactor=50);

CREATE TABLE sender_meters_1h (
  tenant_key bigint NOT NULL,
  hour_start timestamp with time zone NOT NULL,
  stream text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  session text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  precedence integer NOT NULL,
  part text NOT NULL,
  is_delta boolean NOT NULL,
  total bigint NOT NULL,
  intervals jsonb NOT NULL,
  lost bigint NOT NULL,
  is_baseline boolean NOT NULL DEFAULT false
) WITH (fillfactor=70);

CREATE TABLE series (
  series_id bigint NOT NULL IDENTITY,
  pair_id bigint NOT NULL,
  provider text COLLATE "C" NOT NULL,
  last_window_start timestamp with time zone
) WITH (fillfactor=70);

CREATE TABLE sessions (
  hash text COLLATE "C" NOT NULL,
  key_hash text COLLATE "C",
  subject text NOT NULL,
  roles text[] NOT NULL,
  tenants text[],
  expires_at_ms bigint NOT NULL
);

CREATE TABLE streamlens_schema (
  version integer NOT NULL,
  functions_hash text NOT NULL,
  tables_hash text NOT NULL
);

CREATE TABLE tenants (
  tenant_key bigint NOT NULL IDENTITY,
  tenant_id text COLLATE "C" NOT NULL,
  pair_count integer NOT NULL DEFAULT 0
);

CREATE TABLE usage_1m (
  tenant_key bigint NOT NULL,
  window_start timestamp with time zone NOT NULL,
  series_id bigint NOT NULL,
  billed_provider text COLLATE "C" NOT NULL,
  billed_model text COLLATE "C" NOT NULL,
  band_from_tokens bigint NOT NULL,
  service_tier text COLLATE "C" NOT NULL,
  reported_by text COLLATE "C" NOT NULL,
  calls bigint NOT NULL,
  unknown_calls bigint NOT NULL,
  free_calls bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cache_read_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cache_write1h_tokens bigint NOT NULL,
  input_audio_tokens bigint NOT NULL,
  cache_read_audio_tokens bigint NOT NULL,
  input_image_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  output_audio_tokens bigint NOT NULL,
  output_image_tokens bigint NOT NULL,
  request_fees bigint NOT NULL,
  unpriced_calls bigint NOT NULL,
  list_calls bigint NOT NULL,
  file_calls bigint NOT NULL,
  cost_pico_usd numeric NOT NULL,
  list_cost_pico_usd numeric NOT NULL,
  web_searches bigint NOT NULL DEFAULT 0,
  grounded_requests bigint NOT NULL DEFAULT 0
) PARTITION BY RANGE (window_start);

CREATE INDEX calls_request ON ONLY public.calls USING btree (request_id, tenant_key);

CREATE INDEX calls_session ON ONLY public.calls USING btree (tenant_key, session_id, "timestamp" DESC) WHERE (session_id IS NOT NULL);

CREATE INDEX calls_slowest ON ONLY public.calls USING btree (tenant_key, latency_ms DESC, request_id) WHERE (latency_ms IS NOT NULL);

CREATE INDEX changes_1m_changed ON public.changes_1m USING btree (tenant_key, changed_at_ms, window_start);

CREATE INDEX changes_1m_unpublished ON public.changes_1m USING btree (queue_id) WHERE (revision > published_revision);

CREATE INDEX dead_letters_logged ON public.dead_letters USING btree (logged_at_ms, topic, partition, log_offset);

CREATE INDEX dead_letters_unpublished ON public.dead_letters USING btree (logged_at_ms, topic, partition, log_offset) WHERE (NOT is_published);

CREATE INDEX metrics_1d_series ON ONLY public.metrics_1d USING btree (series_id, window_start);

CREATE INDEX metrics_1h_series ON ONLY public.metrics_1h USING btree (series_id, window_start);

CREATE INDEX metrics_1m_series ON ONLY public.metrics_1m USING btree (series_id, window_start);

CREATE INDEX sender_meters_1h_stream ON public.sender_meters_1h USING btree (tenant_key, stream, hour_start) WHERE (NOT is_delta);

CREATE UNIQUE INDEX api_keys_hash_key ON public.api_keys USING btree (hash);

CREATE UNIQUE INDEX api_keys_pkey ON public.api_keys USING btree (key_id);

CREATE UNIQUE INDEX audit_1h_pkey ON public.audit_1h USING btree (hour_start, tenant_id);

CREATE UNIQUE INDEX calls_pkey ON ONLY public.calls USING btree (tenant_key, "timestamp", request_id);

CREATE UNIQUE INDEX changes_1m_pkey ON public.changes_1m USING btree (pair_id, window_start);

CREATE UNIQUE INDEX dead_letter_replays_pkey ON public.dead_letter_replays USING btree (topic, partition, log_offset);

CREATE UNIQUE INDEX dead_letters_pkey ON public.dead_letters USING btree (topic, partition, log_offset);

CREATE UNIQUE INDEX dimension_days_pkey ON public.dimension_days USING btree (tenant_key, dimension, day_start, value_id);

CREATE UNIQUE INDEX dimension_sums_pkey ON public.dimension_sums USING btree (tenant_key, dimension, window_ms, window_start, piece_id);

CREATE UNIQUE INDEX dimension_values_pkey ON public.dimension_values USING btree (value_id);

CREATE UNIQUE INDEX dimension_values_tenant_key_dimension_value_key ON public.dimension_values USING btree (tenant_key, dimension, value);

CREATE UNIQUE INDEX evaluation_labels_pkey ON public.evaluation_labels USING btree (tenant_key, name, label);

CREATE UNIQUE INDEX evaluation_names_pkey ON public.evaluation_names USING btree (tenant_key, name);

CREATE UNIQUE INDEX evaluations_1m_pkey ON ONLY public.evaluations_1m USING btree (tenant_key, window_start, name, pair_id);

CREATE UNIQUE INDEX group_members_pkey ON public.group_members USING btree (member_id);

CREATE UNIQUE INDEX metrics_1d_pkey ON ONLY public.metrics_1d USING btree (tenant_key, window_start, series_id);

CREATE UNIQUE INDEX metrics_1h_pkey ON ONLY public.metrics_1h USING btree (tenant_key, window_start, series_id);

CREATE UNIQUE INDEX metrics_1m_pkey ON ONLY public.metrics_1m USING btree (tenant_key, window_start, series_id);

CREATE UNIQUE INDEX packed_days_pkey ON public.packed_days USING btree (tenant_key, day_start, series_id);

CREATE UNIQUE INDEX pairs_names ON public.pairs USING btree (tenant_key, md5(route), md5(model));

CREATE UNIQUE INDEX pairs_pkey ON public.pairs USING btree (pair_id);

CREATE UNIQUE INDEX processors_pkey ON public.processors USING btree (processor_id);

CREATE UNIQUE INDEX progress_pkey ON public.progress USING btree (partition);

CREATE UNIQUE INDEX reconciliations_pkey ON public.reconciliations USING btree (reconciliation_id);

CREATE UNIQUE INDEX sender_calls_1h_pkey ON public.sender_calls_1h USING btree (tenant_key, hour_start, service, session);

CREATE UNIQUE INDEX sender_debts_pkey ON public.sender_debts USING btree (name);

CREATE UNIQUE INDEX sender_meters_1h_pkey ON public.sender_meters_1h USING btree (tenant_key, hour_start, stream);

CREATE UNIQUE INDEX series_pair_id_provider_key ON public.series USING btree (pair_id, provider);

CREATE UNIQUE INDEX series_pkey ON public.series USING btree (series_id);

CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (hash);

CREATE UNIQUE INDEX tenants_pkey ON public.tenants USING btree (tenant_key);

CREATE UNIQUE INDEX tenants_tenant_id_key ON public.tenants USING btree (tenant_id);

CREATE UNIQUE INDEX usage_1m_pkey ON ONLY public.usage_1m USING btree (tenant_key, window_start, series_id, billed_provider, billed_model, band_from_tokens, service_tier, reported_by);

CREATE VIEW llm_metrics AS
 SELECT t.tenant_id,
    p.route,
    p.model,
    m.window_start,
    (m.window_start + '00:01:00'::interval) AS window_end,
    (sum(m.requests))::bigint AS requests,
    (sum(m.errors))::bigint AS errors,
    (((sum(m.latency_us_sum) / (1000)::numeric) / NULLIF(sum(m.latency_known), (0)::numeric)))::double precision AS avg_latency_ms,
    latency_quantile(hist_merge(m.latency), (0.95)::double precision, max(m.latency_us_max)) AS p95_latency_ms,
    ((sum(m.prompt_tokens) / NULLIF(sum(m.prompt_tokens_known), (0)::numeric)))::double precision AS avg_prompt_tokens,
    ((sum(m.completion_tokens) / NULLIF(sum(m.completion_tokens_known), (0)::numeric)))::double precision AS avg_completion_tokens,
        CASE
            WHEN ((sum(m.completed) > (0)::numeric) AND (sum(m.unpriced_requests) = sum(m.completed))) THEN NULL::double precision
            ELSE ((sum(m.cost_pico_usd) / ('1000000000000'::bigint)::numeric))::double precision
        END AS estimated_cost_usd,
    (sum(m.completed))::bigint AS completed,
    (sum(m.unanswered))::bigint AS unanswered,
    (sum(m.unpriced_requests))::bigint AS unpriced_requests,
    latency_quantile(hist_merge(m.latency), (0.5)::double precision, max(m.latency_us_max)) AS p50_latency_ms,
    latency_quantile(hist_merge(m.latency), (0.99)::double precision, max(m.latency_us_max)) AS p99_latency_ms,
    string_agg(DISTINCT NULLIF(s.provider, ''::text), ', '::text) AS provider
   FROM (((metrics_1m m
     JOIN series s ON ((s.series_id = m.series_id)))
     JOIN pairs p ON ((p.pair_id = s.pair_id)))
     JOIN tenants t ON ((t.tenant_key = m.tenant_key)))
  WHERE (m.requests <> 0)
  GROUP BY t.tenant_id, p.route, p.model, m.window_start;

CREATE OR REPLACE FUNCTION public.hist_add(a bigint[], b bigint[])
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT CASE WHEN cardinality(a) / 256 = (cardinality(a) + cardinality(b)) / 256 THEN a || b
    ELSE hist_compact(a || b) END
$function$

CREATE OR REPLACE FUNCTION public.hist_compact(histogram bigint[])
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  SELECT coalesce(array_agg((code << 41) | (count & 2199023255551) ORDER BY code), '{}') FROM (
    SELECT bucket >> 41 AS code, sum(hist_count(bucket))::bigint AS count
    FROM unnest(histogram) AS bucket GROUP BY 1
  ) AS joined WHERE count <> 0
$function$

CREATE OR REPLACE FUNCTION public.hist_count(bucket bigint)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ SELECT ((bucket & 2199023255551) # 1099511627776) - 1099511627776 $function$

CREATE AGGREGATE hist_merge(bigint[]) SFUNC hist_add FINALFUNC hist_compact COMBINEFUNC hist_add;

CREATE OR REPLACE FUNCTION public.hist_quantile(histogram bigint[], quantile double precision)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  WITH buckets AS (
    SELECT bucket >> 41 AS code, sum(hist_count(bucket)) AS count FROM unnest(histogram) AS bucket GROUP BY 1
  ), ranked AS (
    SELECT code, sum(count) OVER (ORDER BY code) AS seen, sum(count) OVER () AS total FROM buckets WHERE count > 0
  ), found AS (
    SELECT code - 1024 AS index FROM ranked
    WHERE seen >= greatest(1, ceil(quantile * total::double precision)) ORDER BY code LIMIT 1
  ), bounds AS (
    SELECT index, power(2::double precision, index / 32::double precision) AS lower,
      power(2::double precision, (index + 1) / 32::double precision) AS upper FROM found
  )
  SELECT CASE WHEN index = -1024 THEN 0 ELSE 2 * lower * upper / (lower + upper) END FROM bounds
$function$

CREATE OR REPLACE FUNCTION public.latency_quantile(histogram bigint[], quantile double precision, us_max bigint)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  SELECT least(found.ms, us_max / 1000.0::double precision) FROM (SELECT hist_quantile(histogram, quantile) AS ms) AS found
  WHERE found.ms IS NOT NULL
$function$

CREATE OR REPLACE FUNCTION public.streamlens_add_labels(a jsonb, b jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT CASE WHEN b = '{}' THEN a ELSE (
    SELECT coalesce(jsonb_object_agg(key, count), '{}') FROM (
      SELECT key, sum(value::bigint) AS count FROM (
        SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)
      ) AS each_label GROUP BY key HAVING sum(value::bigint) <> 0
    ) AS summed
  ) END
$function$

CREATE OR REPLACE FUNCTION public.streamlens_at(ms bigint)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ SELECT timestamptz 'epoch' + ms * interval '1 millisecond' $function$

CREATE OR REPLACE FUNCTION public.streamlens_commit_group(heads json, minutes json, hours json, days json, changes json, last_windows json, usages json, evaluations json, audits json, removed_calls json, full_calls json, answers json, dead_letter_records json, sender_calls json, meters json, dimension_pieces json)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  at_ms bigint;
  moved int;
BEGIN
  BEGIN
    INSERT INTO progress AS p (partition, seq, token, positions, complete_through_ms, committed_at_ms, checkpoint)
    SELECT x.partition, x.expected_seq + 1, x.token, x.positions, x.complete_through_ms, x.committed_at_ms,
      coalesce(decode(x.checkpoint, 'base64'), '')
    FROM json_to_recordset(heads) AS x (partition int, expected_seq bigint, token text, positions json,
      complete_through_ms bigint, committed_at_ms bigint, checkpoint text)
    WHERE x.expected_seq = 0 OR EXISTS (SELECT 1 FROM progress known WHERE known.partition = x.partition)
    ORDER BY x.partition
    ON CONFLICT (partition) DO UPDATE SET seq = excluded.seq, token = excluded.token, positions = excluded.positions,
      complete_through_ms = excluded.complete_through_ms, committed_at_ms = excluded.committed_at_ms,
      checkpoint = CASE WHEN excluded.checkpoint = '' THEN p.checkpoint ELSE excluded.checkpoint END
    WHERE p.seq = excluded.seq - 1;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved < json_array_length(heads) THEN
      RAISE EXCEPTION USING ERRCODE = 'SL001', MESSAGE = 'a partition was moved by somebody else';
    END IF;
  EXCEPTION WHEN SQLSTATE 'SL001' THEN
    RETURN false;
  END;
  SELECT max(committed_at_ms) INTO at_ms FROM json_to_recordset(heads) AS x (committed_at_ms bigint);

  INSERT INTO metrics_1m AS m (tenant_key, window_start, series_id, requests, completed, unanswered, errors, errors_rate_limit, errors_timeout, errors_auth, errors_invalid_request, errors_content_filter, errors_server, cancelled, latency_known, latency_us_sum, prompt_tokens, prompt_tokens_known, completion_tokens, completion_tokens_known, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_requests, priced_by_provider, priced_by_gateway, priced_by_list, priced_by_file, latency_us_max, cost_pico_usd, reported_cost_pico_usd, list_cost_pico_usd, latency, time_to_first_token)
  SELECT tenant_key, streamlens_at(start_ms), series_id,
    requests, completed, unanswered, errors, errors_rate_limit, errors_timeout, errors_auth, errors_invalid_request, errors_content_filter, errors_server, cancelled, latency_known, latency_us_sum, prompt_tokens, prompt_tokens_known, completion_tokens, completion_tokens_known, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_requests, priced_by_provider, priced_by_gateway, priced_by_list, priced_by_file, latency_us_max, cost_pico_usd, reported_cost_pico_usd, list_cost_pico_usd,
    latency::bigint[], time_to_first_token::bigint[]
  FROM json_to_recordset(minutes) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    requests bigint, completed bigint, unanswered bigint, errors bigint, errors_rate_limit bigint, errors_timeout bigint, errors_auth bigint, errors_invalid_request bigint, errors_content_filter bigint, errors_server bigint, cancelled bigint, latency_known bigint, latency_us_sum bigint, prompt_tokens bigint, prompt_tokens_known bigint, completion_tokens bigint, completion_tokens_known bigint, cached_prompt_tokens bigint, cache_write_tokens bigint, reasoning_tokens bigint, unpriced_requests bigint, priced_by_provider bigint, priced_by_gateway bigint, priced_by_list bigint, priced_by_file bigint, latency_us_max bigint, cost_pico_usd numeric, reported_cost_pico_usd numeric, list_cost_pico_usd numeric,
    latency text, time_to_first_token text)
  ORDER BY series_id, start_ms
  ON CONFLICT (tenant_key, window_start, series_id) DO UPDATE SET
    requests = m.requests + excluded.requests, completed = m.completed + excluded.completed, unanswered = m.unanswered + excluded.unanswered, errors = m.errors + excluded.errors, errors_rate_limit = m.errors_rate_limit + excluded.errors_rate_limit, errors_timeout = m.errors_timeout + excluded.errors_timeout, errors_auth = m.errors_auth + excluded.errors_auth, errors_invalid_request = m.errors_invalid_request + excluded.errors_invalid_request, errors_content_filter = m.errors_content_filter + excluded.errors_content_filter, errors_server = m.errors_server + excluded.errors_server, cancelled = m.cancelled + excluded.cancelled, latency_known = m.latency_known + excluded.latency_known, latency_us_sum = m.latency_us_sum + excluded.latency_us_sum, prompt_tokens = m.prompt_tokens + excluded.prompt_tokens, prompt_tokens_known = m.prompt_tokens_known + excluded.prompt_tokens_known, completion_tokens = m.completion_tokens + excluded.completion_tokens, completion_tokens_known = m.completion_tokens_known + excluded.completion_tokens_known, cached_prompt_tokens = m.cached_prompt_tokens + excluded.cached_prompt_tokens, cache_write_tokens = m.cache_write_tokens + excluded.cache_write_tokens, reasoning_tokens = m.reasoning_tokens + excluded.reasoning_tokens, unpriced_requests = m.unpriced_requests + excluded.unpriced_requests, priced_by_provider = m.priced_by_provider + excluded.priced_by_provider, priced_by_gateway = m.priced_by_gateway + excluded.priced_by_gateway, priced_by_list = m.priced_by_list + excluded.priced_by_list, priced_by_file = m.priced_by_file + excluded.priced_by_file, cost_pico_usd = m.cost_pico_usd + excluded.cost_pico_usd, reported_cost_pico_usd = m.reported_cost_pico_usd + excluded.reported_cost_pico_usd, list_cost_pico_usd = m.list_cost_pico_usd + excluded.list_cost_pico_usd,
    latency_us_max = greatest(m.latency_us_max, excluded.latency_us_max),
    latency = hist_add(m.latency, excluded.latency), time_to_first_token = hist_add(m.time_to_first_token, excluded.time_to_first_token);

  INSERT INTO metrics_1h AS m (tenant_key, window_start, series_id, requests, completed, unanswered, errors, errors_rate_limit, errors_timeout, errors_auth, errors_invalid_request, errors_content_filter, errors_server, cancelled, latency_known, latency_us_sum, prompt_tokens, prompt_tokens_known, completion_tokens, completion_tokens_known, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_requests, priced_by_provider, priced_by_gateway, priced_by_list, priced_by_file, latency_us_max, cost_pico_usd, reported_cost_pico_usd, list_cost_pico_usd, latency, time_to_first_token)
  SELECT tenant_key, streamlens_at(start_ms), series_id,
    requests, completed, unanswered, errors, errors_rate_limit, errors_timeout, errors_auth, errors_invalid_request, errors_content_filter, errors_server, cancelled, latency_known, latency_us_sum, prompt_tokens, prompt_tokens_known, completion_tokens, completion_tokens_known, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_requests, priced_by_provider, priced_by_gateway, priced_by_list, priced_by_file, latency_us_max, cost_pico_usd, reported_cost_pico_usd, list_cost_pico_usd,
    latency::bigint[], time_to_first_token::bigint[]
  FROM json_to_recordset(hours) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    requests bigint, completed bigint, unanswered bigint, errors bigint, errors_rate_limit bigint, errors_timeout bigint, errors_auth bigint, errors_invalid_request bigint, errors_content_filter bigint, errors_server bigint, cancelled bigint, latency_known bigint, latency_us_sum bigint, prompt_tokens bigint, prompt_tokens_known bigint, completion_tokens bigint, completion_tokens_known bigint, cached_prompt_tokens bigint, cache_write_tokens bigint, reasoning_tokens bigint, unpriced_requests bigint, priced_by_provider bigint, priced_by_gateway bigint, priced_by_list bigint, priced_by_file bigint, latency_us_max bigint, cost_pico_usd numeric, reported_cost_pico_usd numeric, list_cost_pico_usd numeric,
    latency text, time_to_first_token text)
  ORDER BY series_id, start_ms
  ON CONFLICT (tenant_key, window_start, series_id) DO UPDATE SET
    requests = m.requests + excluded.requests, completed = m.completed + excluded.completed, unanswered = m.unanswered + excluded.unanswered, errors = m.errors + excluded.errors, errors_rate_limit = m.errors_rate_limit + excluded.errors_rate_limit, errors_timeout = m.errors_timeout + excluded.errors_timeout, errors_auth = m.errors_auth + excluded.errors_auth, errors_invalid_request = m.errors_invalid_request + excluded.errors_invalid_request, errors_content_filter = m.errors_content_filter + excluded.errors_content_filter, errors_server = m.errors_server + excluded.errors_server, cancelled = m.cancelled + excluded.cancelled, latency_known = m.latency_known + excluded.latency_known, latency_us_sum = m.latency_us_sum + excluded.latency_us_sum, prompt_tokens = m.prompt_tokens + excluded.prompt_tokens, prompt_tokens_known = m.prompt_tokens_known + excluded.prompt_tokens_known, completion_tokens = m.completion_tokens + excluded.completion_tokens, completion_tokens_known = m.completion_tokens_known + excluded.completion_tokens_known, cached_prompt_tokens = m.cached_prompt_tokens + excluded.cached_prompt_tokens, cache_write_tokens = m.cache_write_tokens + excluded.cache_write_tokens, reasoning_tokens = m.reasoning_tokens + excluded.reasoning_tokens, unpriced_requests = m.unpriced_requests + excluded.unpriced_requests, priced_by_provider = m.priced_by_provider + excluded.priced_by_provider, priced_by_gateway = m.priced_by_gateway + excluded.priced_by_gateway, priced_by_list = m.priced_by_list + excluded.priced_by_list, priced_by_file = m.priced_by_file + excluded.priced_by_file, cost_pico_usd = m.cost_pico_usd + excluded.cost_pico_usd, reported_cost_pico_usd = m.reported_cost_pico_usd + excluded.reported_cost_pico_usd, list_cost_pico_usd = m.list_cost_pico_usd + excluded.list_cost_pico_usd,
    latency_us_max = greatest(m.latency_us_max, excluded.latency_us_max),
    latency = hist_add(m.latency, excluded.latency), time_to_first_token = hist_add(m.time_to_first_token, excluded.time_to_first_token);

  INSERT INTO metrics_1d AS m (tenant_key, window_start, series_id, requests, completed, unanswered, errors, errors_rate_limit, errors_timeout, errors_auth, errors_invalid_request, errors_content_filter, errors_server, cancelled, latency_known, latency_us_sum, prompt_tokens, prompt_tokens_known, completion_tokens, completion_tokens_known, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_requests, priced_by_provider, priced_by_gateway, priced_by_list, priced_by_file, latency_us_max, cost_pico_usd, reported_cost_pico_usd, list_cost_pico_usd, latency, time_to_first_token, revision)
  SELECT tenant_key, streamlens_at(start_ms), series_id,
    requests, completed, unanswered, errors, errors_rate_limit, errors_timeout, errors_auth, errors_invalid_request, errors_content_filter, errors_server, cancelled, latency_known, latency_us_sum, prompt_tokens, prompt_tokens_known, completion_tokens, completion_tokens_known, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_requests, priced_by_provider, priced_by_gateway, priced_by_list, priced_by_file, latency_us_max, cost_pico_usd, reported_cost_pico_usd, list_cost_pico_usd,
    latency::bigint[], time_to_first_token::bigint[], 1
  FROM json_to_recordset(days) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    requests bigint, completed bigint, unanswered bigint, errors bigint, errors_rate_limit bigint, errors_timeout bigint, errors_auth bigint, errors_invalid_request bigint, errors_content_filter bigint, errors_server bigint, cancelled bigint, latency_known bigint, latency_us_sum bigint, prompt_tokens bigint, prompt_tokens_known bigint, completion_tokens bigint, completion_tokens_known bigint, cached_prompt_tokens bigint, cache_write_tokens bigint, reasoning_tokens bigint, unpriced_requests bigint, priced_by_provider bigint, priced_by_gateway bigint, priced_by_list bigint, priced_by_file bigint, latency_us_max bigint, cost_pico_usd numeric, reported_cost_pico_usd numeric, list_cost_pico_usd numeric,
    latency text, time_to_first_token text)
  ORDER BY series_id, start_ms
  ON CONFLICT (tenant_key, window_start, series_id) DO UPDATE SET
    requests = m.requests + excluded.requests, completed = m.completed + excluded.completed, unanswered = m.unanswered + excluded.unanswered, errors = m.errors + excluded.errors, errors_rate_limit = m.errors_rate_limit + excluded.errors_rate_limit, errors_timeout = m.errors_timeout + excluded.errors_timeout, errors_auth = m.errors_auth + excluded.errors_auth, errors_invalid_request = m.errors_invalid_request + excluded.errors_invalid_request, errors_content_filter = m.errors_content_filter + excluded.errors_content_filter, errors_server = m.errors_server + excluded.errors_server, cancelled = m.cancelled + excluded.cancelled, latency_known = m.latency_known + excluded.latency_known, latency_us_sum = m.latency_us_sum + excluded.latency_us_sum, prompt_tokens = m.prompt_tokens + excluded.prompt_tokens, prompt_tokens_known = m.prompt_tokens_known + excluded.prompt_tokens_known, completion_tokens = m.completion_tokens + excluded.completion_tokens, completion_tokens_known = m.completion_tokens_known + excluded.completion_tokens_known, cached_prompt_tokens = m.cached_prompt_tokens + excluded.cached_prompt_tokens, cache_write_tokens = m.cache_write_tokens + excluded.cache_write_tokens, reasoning_tokens = m.reasoning_tokens + excluded.reasoning_tokens, unpriced_requests = m.unpriced_requests + excluded.unpriced_requests, priced_by_provider = m.priced_by_provider + excluded.priced_by_provider, priced_by_gateway = m.priced_by_gateway + excluded.priced_by_gateway, priced_by_list = m.priced_by_list + excluded.priced_by_list, priced_by_file = m.priced_by_file + excluded.priced_by_file, cost_pico_usd = m.cost_pico_usd + excluded.cost_pico_usd, reported_cost_pico_usd = m.reported_cost_pico_usd + excluded.reported_cost_pico_usd, list_cost_pico_usd = m.list_cost_pico_usd + excluded.list_cost_pico_usd,
    latency_us_max = greatest(m.latency_us_max, excluded.latency_us_max),
    latency = hist_add(m.latency, excluded.latency), time_to_first_token = hist_add(m.time_to_first_token, excluded.time_to_first_token), revision = m.revision + 1;

  INSERT INTO changes_1m AS c (tenant_key, pair_id, window_start, revision, queue_id, changed_at_ms)
  SELECT tenant_key, pair_id, streamlens_at(start_ms), count, nextval('changes_queue'), at_ms
  FROM json_to_recordset(changes) AS x (tenant_key bigint, pair_id bigint, start_ms bigint, count bigint)
  ORDER BY pair_id, start_ms
  ON CONFLICT (pair_id, window_start) DO UPDATE SET revision = c.revision + excluded.revision,
    queue_id = CASE WHEN c.revision > c.published_revision THEN c.queue_id ELSE excluded.queue_id END,
    changed_at_ms = greatest(c.changed_at_ms, excluded.changed_at_ms);

  PERFORM 1 FROM series WHERE series_id IN (
    SELECT x.series_id FROM json_to_recordset(last_windows) AS x (series_id bigint)
  ) ORDER BY series_id FOR NO KEY UPDATE;
  UPDATE series s SET last_window_start = streamlens_at(x.start_ms)
  FROM json_to_recordset(last_windows) AS x (series_id bigint, start_ms bigint)
  WHERE s.series_id = x.series_id
    AND (s.last_window_start IS NULL OR s.last_window_start < streamlens_at(x.start_ms));

  INSERT INTO usage_1m AS u (tenant_key, window_start, series_id, billed_provider, billed_model, band_from_tokens, service_tier, reported_by,
    calls, unknown_calls, free_calls, input_tokens, cache_read_tokens, cache_write_tokens, cache_write1h_tokens, input_audio_tokens, cache_read_audio_tokens, input_image_tokens, output_tokens, output_audio_tokens, output_image_tokens, request_fees, web_searches, grounded_requests, unpriced_calls, list_calls, file_calls, cost_pico_usd, list_cost_pico_usd)
  SELECT tenant_key, streamlens_at(start_ms), series_id, billed_provider, billed_model, band_from_tokens, service_tier, reported_by,
    calls, unknown_calls, free_calls, input_tokens, cache_read_tokens, cache_write_tokens, cache_write1h_tokens, input_audio_tokens, cache_read_audio_tokens, input_image_tokens, output_tokens, output_audio_tokens, output_image_tokens, request_fees, coalesce(web_searches, 0), coalesce(grounded_requests, 0), unpriced_calls, list_calls, file_calls, cost_pico_usd, list_cost_pico_usd
  FROM json_to_recordset(usages) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    billed_provider text, billed_model text, band_from_tokens bigint, service_tier text, reported_by text, calls bigint, unknown_calls bigint, free_calls bigint, input_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint, cache_write1h_tokens bigint, input_audio_tokens bigint, cache_read_audio_tokens bigint, input_image_tokens bigint, output_tokens bigint, output_audio_tokens bigint, output_image_tokens bigint, request_fees bigint, web_searches bigint, grounded_requests bigint, unpriced_calls bigint, list_calls bigint, file_calls bigint, cost_pico_usd numeric, list_cost_pico_usd numeric)
  ORDER BY series_id, start_ms, billed_provider COLLATE "C", billed_model COLLATE "C", band_from_tokens, service_tier COLLATE "C", reported_by COLLATE "C"
  ON CONFLICT (tenant_key, window_start, series_id, billed_provider, billed_model, band_from_tokens, service_tier, reported_by)
  DO UPDATE SET calls = u.calls + excluded.calls, unknown_calls = u.unknown_calls + excluded.unknown_calls, free_calls = u.free_calls + excluded.free_calls, input_tokens = u.input_tokens + excluded.input_tokens, cache_read_tokens = u.cache_read_tokens + excluded.cache_read_tokens, cache_write_tokens = u.cache_write_tokens + excluded.cache_write_tokens, cache_write1h_tokens = u.cache_write1h_tokens + excluded.cache_write1h_tokens, input_audio_tokens = u.input_audio_tokens + excluded.input_audio_tokens, cache_read_audio_tokens = u.cache_read_audio_tokens + excluded.cache_read_audio_tokens, input_image_tokens = u.input_image_tokens + excluded.input_image_tokens, output_tokens = u.output_tokens + excluded.output_tokens, output_audio_tokens = u.output_audio_tokens + excluded.output_audio_tokens, output_image_tokens = u.output_image_tokens + excluded.output_image_tokens, request_fees = u.request_fees + excluded.request_fees, web_searches = u.web_searches + excluded.web_searches, grounded_requests = u.grounded_requests + excluded.grounded_requests, unpriced_calls = u.unpriced_calls + excluded.unpriced_calls, list_calls = u.list_calls + excluded.list_calls, file_calls = u.file_calls + excluded.file_calls, cost_pico_usd = u.cost_pico_usd + excluded.cost_pico_usd, list_cost_pico_usd = u.list_cost_pico_usd + excluded.list_cost_pico_usd;

  INSERT INTO evaluations_1m AS e (tenant_key, window_start, name, pair_id, count, scored, judged, passed,
    score_micro_sum, labels)
  SELECT tenant_key, streamlens_at(start_ms), name, pair_id, count, scored, judged, passed, score_micro_sum, labels
  FROM json_to_recordset(evaluations) AS x (tenant_key bigint, start_ms bigint, name text, pair_id bigint,
    count bigint, scored bigint, judged bigint, passed bigint, score_micro_sum numeric, labels jsonb)
  ORDER BY pair_id, start_ms, name COLLATE "C"
  ON CONFLICT (tenant_key, window_start, name, pair_id) DO UPDATE SET
    count = e.count + excluded.count, scored = e.scored + excluded.scored, judged = e.judged + excluded.judged, passed = e.passed + excluded.passed, score_micro_sum = e.score_micro_sum + excluded.score_micro_sum,
    labels = streamlens_add_labels(e.labels, excluded.labels);

  INSERT INTO audit_1h AS a (hour_start, tenant_id, accepted_requests, counted_requests, duplicate_requests, dead_requests, foreign_requests, accepted_responses, counted_responses, waiting_responses, duplicate_responses, dead_responses, foreign_responses, accepted_evaluations, counted_evaluations, waiting_evaluations, duplicate_evaluations, dead_evaluations, foreign_evaluations, accepted_reports, counted_reports, folded_reports, context_reports, agent_only_reports, duplicate_reports, dead_reports, late_reports, corrected_calls, meter_points)
  SELECT streamlens_at(start_ms), tenant_id, accepted_requests, counted_requests, duplicate_requests, dead_requests, foreign_requests, accepted_responses, counted_responses, waiting_responses, duplicate_responses, dead_responses, foreign_responses, accepted_evaluations, counted_evaluations, waiting_evaluations, duplicate_evaluations, dead_evaluations, foreign_evaluations, accepted_reports, counted_reports, folded_reports, context_reports, agent_only_reports, duplicate_reports, dead_reports, late_reports, corrected_calls, meter_points
  FROM json_to_recordset(audits) AS x (start_ms bigint, tenant_id text, accepted_requests bigint, counted_requests bigint, duplicate_requests bigint, dead_requests bigint, foreign_requests bigint, accepted_responses bigint, counted_responses bigint, waiting_responses bigint, duplicate_responses bigint, dead_responses bigint, foreign_responses bigint, accepted_evaluations bigint, counted_evaluations bigint, waiting_evaluations bigint, duplicate_evaluations bigint, dead_evaluations bigint, foreign_evaluations bigint, accepted_reports bigint, counted_reports bigint, folded_reports bigint, context_reports bigint, agent_only_reports bigint, duplicate_reports bigint, dead_reports bigint, late_reports bigint, corrected_calls bigint, meter_points bigint)
  ORDER BY start_ms, tenant_id COLLATE "C"
  ON CONFLICT (hour_start, tenant_id) DO UPDATE SET accepted_requests = a.accepted_requests + excluded.accepted_requests, counted_requests = a.counted_requests + excluded.counted_requests, duplicate_requests = a.duplicate_requests + excluded.duplicate_requests, dead_requests = a.dead_requests + excluded.dead_requests, foreign_requests = a.foreign_requests + excluded.foreign_requests, accepted_responses = a.accepted_responses + excluded.accepted_responses, counted_responses = a.counted_responses + excluded.counted_responses, waiting_responses = a.waiting_responses + excluded.waiting_responses, duplicate_responses = a.duplicate_responses + excluded.duplicate_responses, dead_responses = a.dead_responses + excluded.dead_responses, foreign_responses = a.foreign_responses + excluded.foreign_responses, accepted_evaluations = a.accepted_evaluations + excluded.accepted_evaluations, counted_evaluations = a.counted_evaluations + excluded.counted_evaluations, waiting_evaluations = a.waiting_evaluations + excluded.waiting_evaluations, duplicate_evaluations = a.duplicate_evaluations + excluded.duplicate_evaluations, dead_evaluations = a.dead_evaluations + excluded.dead_evaluations, foreign_evaluations = a.foreign_evaluations + excluded.foreign_evaluations, accepted_reports = a.accepted_reports + excluded.accepted_reports, counted_reports = a.counted_reports + excluded.counted_reports, folded_reports = a.folded_reports + excluded.folded_reports, context_reports = a.context_reports + excluded.context_reports, agent_only_reports = a.agent_only_reports + excluded.agent_only_reports, duplicate_reports = a.duplicate_reports + excluded.duplicate_reports, dead_reports = a.dead_reports + excluded.dead_reports, late_reports = a.late_reports + excluded.late_reports, corrected_calls = a.corrected_calls + excluded.corrected_calls, meter_points = a.meter_points + excluded.meter_points;

  INSERT INTO dimension_sums (tenant_key, dimension, window_ms, window_start, sums)
  SELECT tenant_key, dimension, window_ms, streamlens_at(start_ms), decode(sums, 'base64')
  FROM json_to_recordset(dimension_pieces) AS x (tenant_key bigint, dimension text, window_ms int, start_ms bigint, sums text);


  WITH named AS (
    SELECT x.*, streamlens_at(x.start_ms) AS hour_start, EXISTS (
      SELECT 1 FROM sender_calls_1h r WHERE r.tenant_key = x.tenant_key AND r.hour_start = streamlens_at(x.start_ms)
        AND r.service = x.service AND r.session = x.session
    ) AS is_known
    FROM json_to_recordset(sender_calls) AS x (tenant_key bigint, start_ms bigint, service text, session text, calls numeric, prompt_tokens numeric, completion_tokens numeric, cached_prompt_tokens numeric, cache_write_tokens numeric, reasoning_tokens numeric, unpriced_calls numeric, cost_pico_usd numeric)
  ), hours AS (
    SELECT tenant_key, hour_start, CASE WHEN bool_and(is_known) THEN 0 ELSE (
      SELECT count(*) FROM sender_calls_1h r WHERE r.tenant_key = n.tenant_key AND r.hour_start = n.hour_start
    ) END AS stored
    FROM named n GROUP BY tenant_key, hour_start
  ), roomed AS (
    SELECT n.*, n.is_known OR h.stored + row_number() OVER (
      PARTITION BY n.tenant_key, n.hour_start, n.is_known ORDER BY n.service, n.session
    ) <= 10000 AS has_room
    FROM named n JOIN hours h ON h.tenant_key = n.tenant_key AND h.hour_start = n.hour_start
  ), placed AS (
    SELECT tenant_key, hour_start, CASE WHEN has_room THEN service ELSE '__overflow__' END AS service, CASE WHEN has_room THEN session ELSE '__overflow__' END AS session, calls, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_calls, cost_pico_usd
    FROM roomed
  ), summed AS (
    SELECT tenant_key, hour_start, service, session, sum(calls) AS calls, sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cached_prompt_tokens) AS cached_prompt_tokens, sum(cache_write_tokens) AS cache_write_tokens, sum(reasoning_tokens) AS reasoning_tokens, sum(unpriced_calls) AS unpriced_calls, sum(cost_pico_usd) AS cost_pico_usd
    FROM placed GROUP BY tenant_key, hour_start, service, session
  )
  INSERT INTO sender_calls_1h AS s (tenant_key, hour_start, service, session, calls, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_calls, cost_pico_usd)
  SELECT tenant_key, hour_start, service, session, calls, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, unpriced_calls, cost_pico_usd FROM summed
  ORDER BY tenant_key, hour_start, service COLLATE "C", session COLLATE "C"
  ON CONFLICT (tenant_key, hour_start, service, session) DO UPDATE SET
    calls = s.calls + excluded.calls, prompt_tokens = s.prompt_tokens + excluded.prompt_tokens, completion_tokens = s.completion_tokens + excluded.completion_tokens, cached_prompt_tokens = s.cached_prompt_tokens + excluded.cached_prompt_tokens, cache_write_tokens = s.cache_write_tokens + excluded.cache_write_tokens, reasoning_tokens = s.reasoning_tokens + excluded.reasoning_tokens, unpriced_calls = s.unpriced_calls + excluded.unpriced_calls, cost_pico_usd = s.cost_pico_usd + excluded.cost_pico_usd;

  WITH named AS (
    SELECT x.*, streamlens_at(x.start_ms) AS hour_start, EXISTS (
      SELECT 1 FROM sender_meters_1h r WHERE r.tenant_key = x.tenant_key AND r.hour_start = streamlens_at(x.start_ms)
        AND r.stream = x.stream
    ) AS is_known
    FROM json_to_recordset(meters) AS x (tenant_key bigint, start_ms bigint, stream text, service text, session text, scope text, precedence int, part text, is_delta boolean, total bigint, intervals jsonb, lost bigint, points bigint)
  ), hours AS (
    SELECT tenant_key, hour_start, CASE WHEN bool_and(is_known) THEN 0 ELSE (
      SELECT count(*) FROM sender_meters_1h r WHERE r.tenant_key = n.tenant_key AND r.hour_start = n.hour_start
    ) END AS stored
    FROM named n GROUP BY tenant_key, hour_start
  ), roomed AS (
    SELECT n.*, n.is_known OR h.stored + row_number() OVER (
      PARTITION BY n.tenant_key, n.hour_start, n.is_known ORDER BY n.stream
    ) <= 20000 AS has_room
    FROM named n JOIN hours h ON h.tenant_key = n.tenant_key AND h.hour_start = n.hour_start
  ), placed AS (
    SELECT tenant_key, hour_start, stream, service, session, scope, precedence, part, is_delta, total, intervals, lost FROM roomed WHERE has_room
    UNION ALL
    SELECT tenant_key, hour_start, '__overflow__', '__overflow__', '', '', 0, 'prompt', true, 0, jsonb '{}', sum(points)
    FROM roomed WHERE NOT has_room GROUP BY tenant_key, hour_start
  )
  INSERT INTO sender_meters_1h AS m (tenant_key, hour_start, stream, service, session, scope, precedence, part, is_delta, total, intervals, lost)
  SELECT tenant_key, hour_start, stream, service, session, scope, precedence, part, is_delta, total, intervals, lost FROM placed ORDER BY tenant_key, hour_start, stream COLLATE "C"
  ON CONFLICT (tenant_key, hour_start, stream) DO UPDATE SET total = greatest(m.total, excluded.total),
    intervals = streamlens_intervals_max(m.intervals, excluded.intervals, 10000),
    lost = m.lost + excluded.lost + streamlens_intervals_lost(m.intervals, excluded.intervals, 10000);

  DELETE FROM calls c USING (
    SELECT t.tenant_key, streamlens_at(x.timestamp_ms) AS "timestamp", x.request_id
    FROM json_to_recordset(removed_calls) AS x (tenant_id text, timestamp_ms bigint, request_id text)
    JOIN tenants t ON t.tenant_id = x.tenant_id
  ) AS gone
  WHERE c.tenant_key = gone.tenant_key AND c."timestamp" = gone."timestamp" AND c.request_id = gone.request_id;

  INSERT INTO calls (tenant_key, "timestamp", request_id, route, model, provider, status, latency_ms, time_to_first_token_ms, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, error, answered_model, error_kind, cost_pico_usd, cost_source, reported_cost_pico_usd, list_cost_pico_usd, bill, finish_reason, service_tier, user_id_hash, metadata, session_id)
  SELECT tenant_key, streamlens_at(timestamp_ms), request_id, route, model, provider, status, latency_ms, time_to_first_token_ms, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, error, answered_model, error_kind, cost_pico_usd, cost_source, reported_cost_pico_usd, list_cost_pico_usd, bill, finish_reason, service_tier, user_id_hash, metadata, session_id
  FROM json_to_recordset(full_calls) AS x (tenant_key bigint, timestamp_ms bigint, request_id text, route text, model text, provider text, status text, latency_ms double precision, time_to_first_token_ms double precision, prompt_tokens bigint, completion_tokens bigint, cached_prompt_tokens bigint, cache_write_tokens bigint, reasoning_tokens bigint, error text, answered_model text, error_kind text, cost_pico_usd numeric, cost_source text, reported_cost_pico_usd numeric, list_cost_pico_usd numeric, bill text, finish_reason text, service_tier text, user_id_hash text, metadata text, session_id text)
  ORDER BY tenant_key, timestamp_ms, request_id COLLATE "C"
  ON CONFLICT (tenant_key, "timestamp", request_id) DO UPDATE SET route = excluded.route, model = excluded.model, provider = excluded.provider, status = excluded.status, latency_ms = excluded.latency_ms, time_to_first_token_ms = excluded.time_to_first_token_ms, prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, cached_prompt_tokens = excluded.cached_prompt_tokens, cache_write_tokens = excluded.cache_write_tokens, reasoning_tokens = excluded.reasoning_tokens, error = excluded.error, answered_model = excluded.answered_model, error_kind = excluded.error_kind, cost_pico_usd = excluded.cost_pico_usd, cost_source = excluded.cost_source, reported_cost_pico_usd = excluded.reported_cost_pico_usd, list_cost_pico_usd = excluded.list_cost_pico_usd, bill = excluded.bill, finish_reason = excluded.finish_reason, service_tier = excluded.service_tier, user_id_hash = excluded.user_id_hash, metadata = excluded.metadata, session_id = excluded.session_id;

  INSERT INTO calls (tenant_key, "timestamp", request_id, route, model, provider, status, latency_ms, time_to_first_token_ms, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, error, answered_model, error_kind, cost_pico_usd, cost_source, reported_cost_pico_usd, list_cost_pico_usd, bill, finish_reason, service_tier, user_id_hash, metadata, session_id)
  SELECT tenant_key, streamlens_at(timestamp_ms), request_id, route, model, provider, status, latency_ms, time_to_first_token_ms, prompt_tokens, completion_tokens, cached_prompt_tokens, cache_write_tokens, reasoning_tokens, error, answered_model, error_kind, cost_pico_usd, cost_source, reported_cost_pico_usd, list_cost_pico_usd, bill, finish_reason, service_tier, user_id_hash, metadata, session_id
  FROM json_to_recordset(answers) AS x (tenant_key bigint, timestamp_ms bigint, request_id text, route text, model text, provider text, status text, latency_ms double precision, time_to_first_token_ms double precision, prompt_tokens bigint, completion_tokens bigint, cached_prompt_tokens bigint, cache_write_tokens bigint, reasoning_tokens bigint, error text, answered_model text, error_kind text, cost_pico_usd numeric, cost_source text, reported_cost_pico_usd numeric, list_cost_pico_usd numeric, bill text, finish_reason text, service_tier text, user_id_hash text, metadata text, session_id text)
  ORDER BY tenant_key, timestamp_ms, request_id COLLATE "C"
  ON CONFLICT (tenant_key, "timestamp", request_id) DO UPDATE SET route = excluded.route, model = excluded.model, provider = excluded.provider, status = excluded.status, latency_ms = excluded.latency_ms, time_to_first_token_ms = excluded.time_to_first_token_ms, prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, cached_prompt_tokens = excluded.cached_prompt_tokens, cache_write_tokens = excluded.cache_write_tokens, reasoning_tokens = excluded.reasoning_tokens, error = excluded.error, answered_model = excluded.answered_model, error_kind = excluded.error_kind, cost_pico_usd = excluded.cost_pico_usd, cost_source = excluded.cost_source, reported_cost_pico_usd = excluded.reported_cost_pico_usd, list_cost_pico_usd = excluded.list_cost_pico_usd, bill = excluded.bill, finish_reason = excluded.finish_reason, service_tier = excluded.service_tier;

  INSERT INTO dead_letters (topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, record_key, record_value)
  SELECT topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, decode(record_key, 'base64'),
    decode(record_value, 'base64')
  FROM json_to_recordset(dead_letter_records) AS x (topic text, partition int, log_offset bigint, logged_at_ms bigint,
    reason text, detail text, tenant_id text, record_key text, record_value text)
  ORDER BY topic COLLATE "C", partition, log_offset
  ON CONFLICT DO NOTHING;
  RETURN true;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_dimension_values(wanted json, values_max integer)
 RETURNS TABLE(item integer, out_value bigint)
 LANGUAGE plpgsql
AS $function$
DECLARE
  g record;
  known_count int;
  is_there boolean;
BEGIN
  FOR g IN SELECT x.tenant_key, x.dimension, streamlens_at(x.day_ms) AS day, array_agg(x.value ORDER BY x.n) AS texts,
      array_agg(x.n::int ORDER BY x.n) AS items, min(x.n) AS first
    FROM (SELECT n, (e ->> 'tenant_key')::bigint AS tenant_key, e ->> 'dimension' AS dimension,
      (e ->> 'day_ms')::bigint AS day_ms, e ->> 'value' AS value
      FROM json_array_elements(wanted) WITH ORDINALITY AS j (e, n)) AS x
    GROUP BY x.tenant_key, x.dimension, x.day_ms ORDER BY first
  LOOP
    PERFORM 1 FROM tenants t WHERE t.tenant_key = g.tenant_key FOR UPDATE;
    SELECT count(*) INTO known_count FROM dimension_days d
    WHERE d.tenant_key = g.tenant_key AND d.dimension = g.dimension AND d.day_start = g.day;
    FOR i IN 1 .. array_length(g.items, 1) LOOP
      item := g.items[i] - 1;
      out_value := NULL;
      SELECT v.value_id INTO out_value FROM dimension_values v
      WHERE v.tenant_key = g.tenant_key AND v.dimension = g.dimension AND v.value = g.texts[i];
      is_there := out_value IS NOT NULL AND EXISTS (SELECT 1 FROM dimension_days d WHERE d.tenant_key = g.tenant_key
        AND d.dimension = g.dimension AND d.day_start = g.day AND d.value_id = out_value);
      IF NOT is_there AND known_count >= values_max THEN
        out_value := NULL;
      ELSIF NOT is_there THEN
        IF out_value IS NULL THEN
          INSERT INTO dimension_values (tenant_key, dimension, value) VALUES (g.tenant_key, g.dimension, g.texts[i])
          RETURNING value_id INTO out_value;
        END IF;
        INSERT INTO dimension_days (tenant_key, dimension, day_start, value_id)
        VALUES (g.tenant_key, g.dimension, g.day, out_value);
        known_count := known_count + 1;
      END IF;
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_evaluation_label(tenant bigint, of_name text, wanted text, labels_max integer)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF wanted = '__overflow__'
    OR EXISTS (SELECT 1 FROM evaluation_labels WHERE tenant_key = tenant AND name = of_name AND label = wanted)
  THEN RETURN wanted; END IF;
  PERFORM 1 FROM evaluation_names WHERE tenant_key = tenant AND name = of_name FOR UPDATE;
  IF (SELECT count(*) FROM evaluation_labels WHERE tenant_key = tenant AND name = of_name AND label <> wanted) >= labels_max
    AND NOT EXISTS (SELECT 1 FROM evaluation_labels WHERE tenant_key = tenant AND name = of_name AND label = wanted)
  THEN RETURN '__overflow__'; END IF;
  INSERT INTO evaluation_labels (tenant_key, name, label) VALUES (tenant, of_name, wanted) ON CONFLICT DO NOTHING;
  RETURN wanted;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_evaluation_name(tenant bigint, wanted text, names_max integer)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF EXISTS (SELECT 1 FROM evaluation_names WHERE tenant_key = tenant AND name = wanted) THEN RETURN wanted; END IF;
  PERFORM 1 FROM tenants WHERE tenant_key = tenant FOR UPDATE;
  IF (SELECT count(*) FROM evaluation_names WHERE tenant_key = tenant AND name NOT IN (wanted, '__overflow__')) >= names_max
    AND NOT EXISTS (SELECT 1 FROM evaluation_names WHERE tenant_key = tenant AND name = wanted)
  THEN
    wanted := '__overflow__';
  END IF;
  INSERT INTO evaluation_names (tenant_key, name) VALUES (tenant, wanted) ON CONFLICT DO NOTHING;
  RETURN wanted;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_find_pair(tenant bigint, wanted_route text, wanted_model text)
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$
  SELECT pair_id FROM pairs WHERE tenant_key = tenant AND md5(route) = md5(wanted_route) AND md5(model) = md5(wanted_model)
$function$

CREATE OR REPLACE FUNCTION public.streamlens_intervals_lost(a jsonb, b jsonb, intervals_max integer)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT CASE WHEN a = '{}' OR b = '{}' THEN 0
    ELSE greatest(0, (SELECT count(*) FROM jsonb_object_keys(a || b)) - intervals_max) END
$function$

CREATE OR REPLACE FUNCTION public.streamlens_intervals_max(a jsonb, b jsonb, intervals_max integer)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT CASE WHEN b = '{}' THEN a WHEN a = '{}' THEN b ELSE (
    SELECT jsonb_object_agg(key, value) FROM (
      SELECT key, max(value::bigint) AS value FROM (
        SELECT key, value, 0 AS is_new FROM jsonb_each_text(a)
        UNION ALL SELECT key, value, 1 FROM jsonb_each_text(b)
      ) AS each_interval GROUP BY key ORDER BY min(is_new) LIMIT intervals_max
    ) AS merged
  ) END
$function$

CREATE OR REPLACE FUNCTION public.streamlens_intervals_sum(intervals jsonb)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT coalesce(sum(value::bigint), 0)::bigint FROM jsonb_each_text(intervals)
$function$

CREATE OR REPLACE FUNCTION public.streamlens_judged(wanted json, names_max integer, labels_max integer)
 RETURNS TABLE(item integer, out_name text, out_label text)
 LANGUAGE plpgsql
AS $function$
DECLARE
  w record;
  names text[];
BEGIN
  FOR w IN SELECT x.n, (x.e ->> 'tenant_key')::bigint AS tenant_key, x.e ->> 'name' AS name
    FROM json_array_elements(wanted) WITH ORDINALITY AS x (e, n) ORDER BY x.n
  LOOP
    names[w.n] := streamlens_evaluation_name(w.tenant_key, w.name, names_max);
  END LOOP;
  FOR w IN SELECT x.n, (x.e ->> 'tenant_key')::bigint AS tenant_key, names[x.n] AS name, x.e ->> 'label' AS label
    FROM json_array_elements(wanted) WITH ORDINALITY AS x (e, n) ORDER BY 2, names[x.n] COLLATE "C", x.n
  LOOP
    item := w.n - 1;
    out_name := w.name;
    out_label := CASE WHEN w.label IS NULL THEN NULL
      ELSE streamlens_evaluation_label(w.tenant_key, w.name, w.label, labels_max) END;
    RETURN NEXT;
  END LOOP;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_open_partition(parent text, first timestamp with time zone, until timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  child text := parent || '_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMMDD');
  time_column text := CASE parent WHEN 'calls' THEN 'timestamp' ELSE 'window_start' END;
BEGIN
  IF to_regclass(child) IS NOT NULL THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('streamlens partitions'));
  -- Not to_regclass again: an advisory lock does not tell this session about tables that others made meanwhile.
  PERFORM 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = to_regclass(parent) AND c.relname = child;
  IF FOUND THEN RETURN false; END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent || '_default');
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = 70)', child, parent);
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
    parent || '_default', time_column, first, time_column, until, child);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, first, until);
  RETURN true;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_pair(tenant bigint, wanted_route text, wanted_model text, pairs_max integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  found_id bigint := streamlens_find_pair(tenant, wanted_route, wanted_model);
  counted int;
BEGIN
  IF found_id IS NOT NULL THEN RETURN found_id; END IF;
  SELECT pair_count INTO counted FROM tenants WHERE tenant_key = tenant FOR UPDATE;
  found_id := streamlens_find_pair(tenant, wanted_route, wanted_model);
  IF found_id IS NOT NULL THEN RETURN found_id; END IF;
  IF counted >= pairs_max THEN
    wanted_route := '__overflow__';
    wanted_model := '__overflow__';
    found_id := streamlens_find_pair(tenant, wanted_route, wanted_model);
    IF found_id IS NOT NULL THEN RETURN found_id; END IF;
  ELSE
    UPDATE tenants SET pair_count = pair_count + 1 WHERE tenant_key = tenant;
  END IF;
  INSERT INTO pairs (tenant_key, route, model) VALUES (tenant, wanted_route, wanted_model) RETURNING pair_id INTO found_id;
  RETURN found_id;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_partitions_before(parent text, before timestamp with time zone)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$
  SELECT child FROM (
    SELECT c.relname::text AS child,
      (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS until
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(parent)
  ) AS children
  WHERE until <= before ORDER BY until
$function$

CREATE OR REPLACE FUNCTION public.streamlens_reprice(corrections json, at_ms bigint)
 RETURNS TABLE(usage_rows bigint, of_tenant bigint, of_series bigint, start_ms_of bigint, out_cost_pico_usd numeric, out_list_cost_pico_usd numeric, out_unpriced_calls numeric, out_list_calls numeric, out_file_calls numeric)
 LANGUAGE plpgsql
AS $function$
DECLARE
  w record;
BEGIN
  FOR w IN WITH wanted AS (
    SELECT streamlens_at(start_ms) AS start, j.*
    FROM json_to_recordset(corrections) AS j (tenant_key bigint, start_ms bigint, series_id bigint, billed_provider text, billed_model text, band_from_tokens bigint, service_tier text, reported_by text,
      cost_pico_usd numeric, list_cost_pico_usd numeric, unpriced_calls numeric, list_calls numeric, file_calls numeric, expected_cost_pico_usd numeric, expected_list_cost_pico_usd numeric, expected_unpriced_calls numeric, expected_list_calls numeric, expected_file_calls numeric)
  ), corrected AS (
    UPDATE usage_1m u SET cost_pico_usd = u.cost_pico_usd + x.cost_pico_usd, list_cost_pico_usd = u.list_cost_pico_usd + x.list_cost_pico_usd, unpriced_calls = u.unpriced_calls + x.unpriced_calls, list_calls = u.list_calls + x.list_calls, file_calls = u.file_calls + x.file_calls
    FROM wanted x
    WHERE u.tenant_key = x.tenant_key AND u.window_start = x.start AND u.series_id = x.series_id
      AND u.billed_provider = x.billed_provider AND u.billed_model = x.billed_model AND u.band_from_tokens = x.band_from_tokens AND u.service_tier = x.service_tier AND u.reported_by = x.reported_by
      AND u.cost_pico_usd = x.expected_cost_pico_usd AND u.list_cost_pico_usd = x.expected_list_cost_pico_usd AND u.unpriced_calls = x.expected_unpriced_calls AND u.list_calls = x.expected_list_calls AND u.file_calls = x.expected_file_calls
    RETURNING u.tenant_key, u.window_start, u.series_id, x.cost_pico_usd, x.list_cost_pico_usd, x.unpriced_calls, x.list_calls, x.file_calls
  ), summed AS (
    SELECT tenant_key, window_start, series_id, count(*) AS row_count,
      sum(cost_pico_usd) AS cost_pico_usd, sum(list_cost_pico_usd) AS list_cost_pico_usd, sum(unpriced_calls) AS unpriced_calls, sum(list_calls) AS list_calls, sum(file_calls) AS file_calls
    FROM corrected GROUP BY 1, 2, 3
  )
  SELECT c.*, s.pair_id, date_trunc('hour', c.window_start, 'UTC') AS hour, date_trunc('day', c.window_start, 'UTC') AS day
  FROM summed c JOIN series s USING (series_id) ORDER BY c.series_id, c.window_start
  LOOP
    
    UPDATE metrics_1m m SET cost_pico_usd = m.cost_pico_usd + w.cost_pico_usd, list_cost_pico_usd = m.list_cost_pico_usd + w.list_cost_pico_usd, unpriced_requests = m.unpriced_requests + w.unpriced_calls, priced_by_list = m.priced_by_list + w.list_calls, priced_by_file = m.priced_by_file + w.file_calls
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.window_start AND m.series_id = w.series_id;
    UPDATE metrics_1h m SET cost_pico_usd = m.cost_pico_usd + w.cost_pico_usd, list_cost_pico_usd = m.list_cost_pico_usd + w.list_cost_pico_usd, unpriced_requests = m.unpriced_requests + w.unpriced_calls, priced_by_list = m.priced_by_list + w.list_calls, priced_by_file = m.priced_by_file + w.file_calls
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.hour AND m.series_id = w.series_id;
    UPDATE metrics_1d m SET cost_pico_usd = m.cost_pico_usd + w.cost_pico_usd, list_cost_pico_usd = m.list_cost_pico_usd + w.list_cost_pico_usd, unpriced_requests = m.unpriced_requests + w.unpriced_calls, priced_by_list = m.priced_by_list + w.list_calls, priced_by_file = m.priced_by_file + w.file_calls, revision = m.revision + 1
    WHERE m.tenant_key = w.tenant_key AND m.window_start = w.day AND m.series_id = w.series_id;
    UPDATE changes_1m c SET revision = c.revision + 1, changed_at_ms = greatest(c.changed_at_ms, at_ms),
      queue_id = CASE WHEN c.revision > c.published_revision THEN c.queue_id ELSE nextval('changes_queue') END
    WHERE c.pair_id = w.pair_id AND c.window_start = w.window_start;
    usage_rows := w.row_count;
    of_tenant := w.tenant_key;
    of_series := w.series_id;
    start_ms_of := date_part('epoch', w.window_start)::bigint * 1000;
    out_cost_pico_usd := w.cost_pico_usd;
    out_list_cost_pico_usd := w.list_cost_pico_usd;
    out_unpriced_calls := w.unpriced_calls;
    out_list_calls := w.list_calls;
    out_file_calls := w.file_calls;
    RETURN NEXT;
  END LOOP;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_resolve(wanted json, pairs_max integer, providers_max integer)
 RETURNS TABLE(item integer, out_tenant_key bigint, out_pair_id bigint, out_series_id bigint, out_last_window_start timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
DECLARE
  w record;
  tenant_keys bigint[];
  pair_ids bigint[];
BEGIN
  FOR w IN SELECT x.n, x.e ->> 'tenant_id' AS tenant_id, x.e ->> 'route' AS route, x.e ->> 'model' AS model
    FROM json_array_elements(wanted) WITH ORDINALITY AS x (e, n) ORDER BY x.n
  LOOP
    tenant_keys[w.n] := streamlens_tenant(w.tenant_id);
    pair_ids[w.n] := NULL;
    IF w.route IS NOT NULL THEN
      pair_ids[w.n] := streamlens_pair(tenant_keys[w.n], w.route, w.model, pairs_max);
    END IF;
  END LOOP;
  FOR w IN SELECT x.n, pair_ids[x.n] AS pair_id, x.e ->> 'provider' AS provider
    FROM json_array_elements(wanted) WITH ORDINALITY AS x (e, n) ORDER BY pair_ids[x.n], x.n
  LOOP
    item := w.n - 1;
    out_tenant_key := tenant_keys[w.n];
    out_pair_id := w.pair_id;
    out_series_id := NULL;
    out_last_window_start := NULL;
    IF w.provider IS NOT NULL THEN
      out_series_id := streamlens_series(out_pair_id, w.provider, providers_max);
      SELECT s.last_window_start INTO out_last_window_start FROM series s WHERE s.series_id = out_series_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_series(pair bigint, wanted text, providers_max integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  found_id bigint;
  counted int;
BEGIN
  SELECT series_id INTO found_id FROM series WHERE pair_id = pair AND provider = wanted;
  IF found_id IS NOT NULL THEN RETURN found_id; END IF;
  SELECT provider_count INTO counted FROM pairs WHERE pair_id = pair FOR UPDATE;
  IF counted >= providers_max THEN wanted := '__overflow__'; END IF;
  SELECT series_id INTO found_id FROM series WHERE pair_id = pair AND provider = wanted;
  IF found_id IS NOT NULL THEN RETURN found_id; END IF;
  UPDATE pairs SET provider_count = provider_count + 1 WHERE pair_id = pair;
  INSERT INTO series (pair_id, provider) VALUES (pair, wanted) RETURNING series_id INTO found_id;
  RETURN found_id;
END $function$

CREATE OR REPLACE FUNCTION public.streamlens_tenant(wanted text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  found_key bigint;
BEGIN
  SELECT tenant_key INTO found_key FROM tenants WHERE tenant_id = wanted;
  IF found_key IS NULL THEN
    INSERT INTO tenants (tenant_id) VALUES (wanted) ON CONFLICT DO NOTHING;
    SELECT tenant_key INTO found_key FROM tenants WHERE tenant_id = wanted;
  END IF;
  RETURN found_key;
END $function$
