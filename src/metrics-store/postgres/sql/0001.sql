-- The first schema. Texts that are compared or sorted use the collation "C": the order of bytes, on every system.
--
-- No column of a window row that is indexed ever changes, so that with some free space per page updates stay within the page
-- (HOT). What changes with every commit and must be found by it lies in the small table changes_1m.
--
-- Columns of a window row follow the fields of Tally; costs are in 10^-12 USD, histograms as in functions.sql.

CREATE TABLE tenants (
  tenant_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text COLLATE "C" NOT NULL UNIQUE,
  pair_count int NOT NULL DEFAULT 0
);

-- By hash: three dimensions of 255 four-byte characters are longer than an index entry may be.
CREATE TABLE pairs (
  pair_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_key bigint NOT NULL REFERENCES tenants,
  route text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  provider_count int NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX pairs_names ON pairs (tenant_key, md5(route), md5(model));

CREATE TABLE series (
  series_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pair_id bigint NOT NULL REFERENCES pairs,
  provider text COLLATE "C" NOT NULL,
  last_window_start timestamptz,
  UNIQUE (pair_id, provider)
) WITH (fillfactor = 70);

CREATE TABLE metrics_1m (
  tenant_key bigint NOT NULL,
  window_start timestamptz NOT NULL,
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
  PRIMARY KEY (tenant_key, window_start, series_id)
) PARTITION BY RANGE (window_start);
CREATE INDEX metrics_1m_series ON metrics_1m (series_id, window_start);
CREATE TABLE metrics_1m_default PARTITION OF metrics_1m DEFAULT WITH (fillfactor = 70);

CREATE TABLE metrics_1h (
  LIKE metrics_1m,
  PRIMARY KEY (tenant_key, window_start, series_id)
) PARTITION BY RANGE (window_start);
CREATE INDEX metrics_1h_series ON metrics_1h (series_id, window_start);
CREATE TABLE metrics_1h_default PARTITION OF metrics_1h DEFAULT WITH (fillfactor = 70);

-- The revision counts what was added to the day.
CREATE TABLE metrics_1d (
  LIKE metrics_1m,
  revision bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_key, window_start, series_id)
) PARTITION BY RANGE (window_start);
CREATE INDEX metrics_1d_series ON metrics_1d (series_id, window_start);
CREATE TABLE metrics_1d_default PARTITION OF metrics_1d DEFAULT WITH (fillfactor = 70);

-- The hours and the five minutes of a series and day in one row each, for questions over long ranges. True for one revision of the
-- day; made from its rows when it is over, and again when something was added to it. Series 0 is all of a tenant's, and its revision
-- the sum of theirs.
CREATE TABLE packed_days (
  tenant_key bigint NOT NULL,
  day_start timestamptz NOT NULL,
  series_id bigint NOT NULL,
  revision bigint NOT NULL,
  hours bytea NOT NULL,
  five_minutes bytea NOT NULL,
  PRIMARY KEY (tenant_key, day_start, series_id)
);

-- Revisions of minute rows, merged over providers: the outbox of llm.metrics and the feed of changes.
CREATE SEQUENCE changes_queue;
CREATE TABLE changes_1m (
  tenant_key bigint NOT NULL,
  pair_id bigint NOT NULL,
  window_start timestamptz NOT NULL,
  revision bigint NOT NULL,
  published_revision bigint NOT NULL DEFAULT 0,
  queue_id bigint NOT NULL,
  changed_at_ms bigint NOT NULL,
  PRIMARY KEY (pair_id, window_start)
);
CREATE INDEX changes_1m_changed ON changes_1m (tenant_key, changed_at_ms, window_start);
CREATE INDEX changes_1m_unpublished ON changes_1m (queue_id) WHERE revision > published_revision;

CREATE TABLE usage_1m (
  tenant_key bigint NOT NULL,
  window_start timestamptz NOT NULL,
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
  PRIMARY KEY (tenant_key, window_start, series_id, billed_provider, billed_model, band_from_tokens,
    service_tier, reported_by)
) PARTITION BY RANGE (window_start);
CREATE TABLE usage_1m_default PARTITION OF usage_1m DEFAULT WITH (fillfactor = 70);

CREATE TABLE evaluations_1m (
  tenant_key bigint NOT NULL,
  window_start timestamptz NOT NULL,
  name text COLLATE "C" NOT NULL,
  pair_id bigint NOT NULL,
  count bigint NOT NULL,
  scored bigint NOT NULL,
  score_micro_sum numeric NOT NULL,
  judged bigint NOT NULL,
  passed bigint NOT NULL,
  labels jsonb NOT NULL,
  PRIMARY KEY (tenant_key, window_start, name, pair_id)
) PARTITION BY RANGE (window_start);
CREATE TABLE evaluations_1m_default PARTITION OF evaluations_1m DEFAULT WITH (fillfactor = 70);

-- Written by one owner of a Kafka partition each; metadata is text, as it came: not all JSON fits into jsonb.
CREATE TABLE calls (
  tenant_key bigint NOT NULL,
  "timestamp" timestamptz NOT NULL,
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
  metadata text,
  PRIMARY KEY (tenant_key, "timestamp", request_id)
) PARTITION BY RANGE ("timestamp");
CREATE INDEX calls_request ON calls (request_id, tenant_key);
-- Each day is a partition of its own, so that a range costs as many short walks as it has days.
CREATE INDEX calls_slowest ON calls (tenant_key, latency_ms DESC, request_id) WHERE latency_ms IS NOT NULL;
CREATE INDEX calls_session ON calls (tenant_key, session_id, "timestamp" DESC) WHERE session_id IS NOT NULL;
CREATE TABLE calls_default PARTITION OF calls DEFAULT WITH (fillfactor = 70);

CREATE TABLE audit_1h (
  hour_start timestamptz NOT NULL,
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
  meter_points bigint NOT NULL,
  PRIMARY KEY (hour_start, tenant_id)
);

-- What senders used, by two witnesses that are never added up: their calls, and their own metrics as registers that only grow.
-- A register older than the retention is kept as a baseline while a later one of its series needs it.
CREATE TABLE sender_calls_1h (
  tenant_key bigint NOT NULL,
  hour_start timestamptz NOT NULL,
  service text COLLATE "C" NOT NULL,
  session text COLLATE "C" NOT NULL,
  calls bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  cached_prompt_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  unpriced_calls bigint NOT NULL,
  cost_pico_usd numeric NOT NULL,
  PRIMARY KEY (tenant_key, hour_start, service, session)
) WITH (fillfactor = 70);

CREATE TABLE sender_meters_1h (
  tenant_key bigint NOT NULL,
  hour_start timestamptz NOT NULL,
  stream text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  session text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  precedence int NOT NULL,
  part text NOT NULL,
  is_delta boolean NOT NULL,
  total bigint NOT NULL,
  intervals jsonb NOT NULL,
  lost bigint NOT NULL,
  is_baseline boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_key, hour_start, stream)
) WITH (fillfactor = 70);
CREATE INDEX sender_meters_1h_stream ON sender_meters_1h (tenant_key, stream, hour_start) WHERE NOT is_delta;

CREATE TABLE dead_letters (
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  log_offset bigint NOT NULL,
  logged_at_ms bigint NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  tenant_id text,
  record_key bytea,
  record_value bytea,
  is_published boolean NOT NULL DEFAULT false,
  PRIMARY KEY (topic, partition, log_offset)
);
CREATE INDEX dead_letters_logged ON dead_letters (logged_at_ms, topic, partition, log_offset);
CREATE INDEX dead_letters_unpublished ON dead_letters (logged_at_ms, topic, partition, log_offset) WHERE NOT is_published;

CREATE TABLE progress (
  partition int PRIMARY KEY,
  seq bigint NOT NULL,
  token text NOT NULL,
  positions json NOT NULL,
  complete_through_ms bigint NOT NULL,
  committed_at_ms bigint NOT NULL,
  checkpoint bytea NOT NULL
) WITH (fillfactor = 50);


-- API keys, and which dead letters were replayed.
CREATE TABLE api_keys (
  key_id text COLLATE "C" PRIMARY KEY,
  hash text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  roles text[] NOT NULL,
  -- NULL: all tenants.
  tenants text[],
  created_at_ms bigint NOT NULL,
  revoked_at_ms bigint
);

-- Who signed in at the dashboard. NULL: all tenants.
CREATE TABLE sessions (
  hash text COLLATE "C" PRIMARY KEY,
  key_hash text COLLATE "C",
  subject text NOT NULL,
  roles text[] NOT NULL,
  tenants text[],
  expires_at_ms bigint NOT NULL
);

-- Until when what a sender sent is paid for, by the name of the limit and of the sender; ms of the database's clock.
CREATE TABLE sender_debts (
  name text COLLATE "C" PRIMARY KEY,
  paid_until_ms double precision NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE dead_letter_replays (
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  log_offset bigint NOT NULL,
  replayed_at_ms bigint NOT NULL,
  PRIMARY KEY (topic, partition, log_offset)
);

-- What running processors tell of themselves; settings as JSON.
CREATE TABLE processors (
  processor_id text COLLATE "C" PRIMARY KEY,
  place text COLLATE "C" NOT NULL,
  seen_at_ms bigint NOT NULL,
  settings text NOT NULL
) WITH (fillfactor = 50);

-- Members of the processors' group, by the connections that show whether they live: see roster.ts.
CREATE TABLE group_members (
  member_id text COLLATE "C" PRIMARY KEY,
  backend_pid int NOT NULL,
  backend_start timestamptz NOT NULL
);

-- Bills of providers beside our figures, as they were found: JSON, for people.
CREATE TABLE reconciliations (
  reconciliation_id text COLLATE "C" PRIMARY KEY,
  made_at_ms bigint NOT NULL,
  tenant_id text,
  report text NOT NULL
);

-- The names of evaluations and their labels, of which a tenant has a bounded number.
CREATE TABLE evaluation_names (
  tenant_key bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_key, name)
);

CREATE TABLE evaluation_labels (
  tenant_key bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  label text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_key, name, label)
);

-- What calls are summed by beside their series, as in SQLite. Here each commit adds pieces of its own, so that no two wait for each
-- other, and who finds many of a window merges them.
CREATE TABLE dimension_values (
  value_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_key bigint NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  UNIQUE (tenant_key, dimension, value)
);

CREATE TABLE dimension_days (
  tenant_key bigint NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  day_start timestamptz NOT NULL,
  value_id bigint NOT NULL,
  PRIMARY KEY (tenant_key, dimension, day_start, value_id)
);

CREATE TABLE dimension_sums (
  tenant_key bigint NOT NULL,
  dimension text COLLATE "C" NOT NULL,
  window_ms int NOT NULL,
  window_start timestamptz NOT NULL,
  piece_id bigint GENERATED ALWAYS AS IDENTITY,
  sums bytea NOT NULL,
  PRIMARY KEY (tenant_key, dimension, window_ms, window_start, piece_id)
);
