-- The first schema. Columns of a window row follow the fields of Tally; all instants are ms since the epoch, all costs 10^-12 USD.
--
-- A window row's key begins with tenant and time, so "the newest rows of a tenant" is a range scan from the end.
-- Rows are written in place (WITHOUT ROWID): one B-tree instead of two.

CREATE TABLE tenants (
  tenant_key INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL UNIQUE,
  pair_count INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE pairs (
  pair_id INTEGER PRIMARY KEY,
  tenant_key INTEGER NOT NULL,
  route TEXT NOT NULL,
  model TEXT NOT NULL,
  provider_count INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant_key, route, model)
) STRICT;

CREATE TABLE series (
  series_id INTEGER PRIMARY KEY,
  pair_id INTEGER NOT NULL,
  provider TEXT NOT NULL,
  last_window_start_ms INTEGER NOT NULL,
  UNIQUE (pair_id, provider)
) STRICT;

CREATE TABLE metrics_1m (
  tenant_key INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  errors_rate_limit INTEGER NOT NULL,
  errors_timeout INTEGER NOT NULL,
  errors_auth INTEGER NOT NULL,
  errors_invalid_request INTEGER NOT NULL,
  errors_content_filter INTEGER NOT NULL,
  errors_server INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  latency_known INTEGER NOT NULL,
  latency_us_sum INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  prompt_tokens_known INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  completion_tokens_known INTEGER NOT NULL,
  cached_prompt_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  unpriced_requests INTEGER NOT NULL,
  priced_by_provider INTEGER NOT NULL,
  priced_by_gateway INTEGER NOT NULL,
  priced_by_list INTEGER NOT NULL,
  priced_by_file INTEGER NOT NULL,
  latency_us_max INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  reported_cost_pico_usd INTEGER NOT NULL,
  list_cost_pico_usd INTEGER NOT NULL,
  latency BLOB NOT NULL,
  time_to_first_token BLOB NOT NULL,
  revision INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant_key, window_start_ms, series_id)
) WITHOUT ROWID;
CREATE INDEX metrics_1m_changed ON metrics_1m (tenant_key, changed_at_ms);
CREATE INDEX metrics_1m_series ON metrics_1m (series_id, window_start_ms);

CREATE TABLE metrics_1h (
  tenant_key INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  errors_rate_limit INTEGER NOT NULL,
  errors_timeout INTEGER NOT NULL,
  errors_auth INTEGER NOT NULL,
  errors_invalid_request INTEGER NOT NULL,
  errors_content_filter INTEGER NOT NULL,
  errors_server INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  latency_known INTEGER NOT NULL,
  latency_us_sum INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  prompt_tokens_known INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  completion_tokens_known INTEGER NOT NULL,
  cached_prompt_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  unpriced_requests INTEGER NOT NULL,
  priced_by_provider INTEGER NOT NULL,
  priced_by_gateway INTEGER NOT NULL,
  priced_by_list INTEGER NOT NULL,
  priced_by_file INTEGER NOT NULL,
  latency_us_max INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  reported_cost_pico_usd INTEGER NOT NULL,
  list_cost_pico_usd INTEGER NOT NULL,
  latency BLOB NOT NULL,
  time_to_first_token BLOB NOT NULL,
  PRIMARY KEY (tenant_key, window_start_ms, series_id)
) WITHOUT ROWID;
CREATE INDEX metrics_1h_series ON metrics_1h (series_id, window_start_ms);

-- Its revision grows with everything that is added to a series in a day: what is derived from the day's rows holds for one of them.
CREATE TABLE metrics_1d (
  tenant_key INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  errors_rate_limit INTEGER NOT NULL,
  errors_timeout INTEGER NOT NULL,
  errors_auth INTEGER NOT NULL,
  errors_invalid_request INTEGER NOT NULL,
  errors_content_filter INTEGER NOT NULL,
  errors_server INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  latency_known INTEGER NOT NULL,
  latency_us_sum INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  prompt_tokens_known INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  completion_tokens_known INTEGER NOT NULL,
  cached_prompt_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  unpriced_requests INTEGER NOT NULL,
  priced_by_provider INTEGER NOT NULL,
  priced_by_gateway INTEGER NOT NULL,
  priced_by_list INTEGER NOT NULL,
  priced_by_file INTEGER NOT NULL,
  latency_us_max INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  reported_cost_pico_usd INTEGER NOT NULL,
  list_cost_pico_usd INTEGER NOT NULL,
  latency BLOB NOT NULL,
  time_to_first_token BLOB NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant_key, window_start_ms, series_id)
) WITHOUT ROWID;
CREATE INDEX metrics_1d_series ON metrics_1d (series_id, window_start_ms);

-- The hours and the five minutes of a series and day in one row each, for questions over long ranges. True for one revision of the
-- day; made from its rows when it is over, and again when something was added to it. Series 0 is all of a tenant's, and its revision
-- the sum of theirs.
CREATE TABLE packed_days (
  tenant_key INTEGER NOT NULL,
  day_start_ms INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  hours BLOB NOT NULL,
  five_minutes BLOB NOT NULL,
  UNIQUE (tenant_key, day_start_ms, series_id)
) STRICT;

-- Minute rows that wait for llm.metrics, in the order in which they first changed.
CREATE TABLE unpublished_rows (
  queue_id INTEGER PRIMARY KEY,
  pair_id INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  UNIQUE (pair_id, window_start_ms)
) STRICT;

CREATE TABLE usage_1m (
  tenant_key INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  billed_provider TEXT NOT NULL,
  billed_model TEXT NOT NULL,
  band_from_tokens INTEGER NOT NULL,
  service_tier TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  calls INTEGER NOT NULL,
  unknown_calls INTEGER NOT NULL,
  free_calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_write1h_tokens INTEGER NOT NULL,
  input_audio_tokens INTEGER NOT NULL,
  cache_read_audio_tokens INTEGER NOT NULL,
  input_image_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  output_audio_tokens INTEGER NOT NULL,
  output_image_tokens INTEGER NOT NULL,
  request_fees INTEGER NOT NULL,
  unpriced_calls INTEGER NOT NULL,
  list_calls INTEGER NOT NULL,
  file_calls INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  list_cost_pico_usd INTEGER NOT NULL,
  PRIMARY KEY (tenant_key, window_start_ms, series_id, billed_provider, billed_model, band_from_tokens,
    service_tier, reported_by)
) WITHOUT ROWID;

-- What calls are summed by beside their series, where METRIC_DIMENSIONS says so: by number the values of a dimension, which of them
-- a day has, as there is a limit for each day, and the sums of a minute, an hour or a day as pieces, see `dimension-piece.ts`.
-- No number is given again: the sums of a value that was deleted stay, and are nobody's.
CREATE TABLE dimension_values (
  value_id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_key INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (tenant_key, dimension, value)
) STRICT;

CREATE TABLE dimension_days (
  tenant_key INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  day_start_ms INTEGER NOT NULL,
  value_id INTEGER NOT NULL,
  PRIMARY KEY (tenant_key, dimension, day_start_ms, value_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dimension_sums (
  tenant_key INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  window_ms INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  piece INTEGER NOT NULL,
  sums BLOB NOT NULL,
  PRIMARY KEY (tenant_key, dimension, window_ms, window_start_ms, piece)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
  tenant_key INTEGER NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  route TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  status TEXT NOT NULL,
  latency_ms REAL,
  time_to_first_token_ms REAL,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  cached_prompt_tokens INTEGER,
  cache_write_tokens INTEGER,
  reasoning_tokens INTEGER,
  finish_reason TEXT,
  error TEXT,
  answered_model TEXT,
  error_kind TEXT,
  service_tier TEXT,
  cost_pico_usd INTEGER,
  cost_source TEXT,
  reported_cost_pico_usd INTEGER,
  list_cost_pico_usd INTEGER,
  bill TEXT,
  user_id_hash TEXT,
  session_id TEXT,
  metadata TEXT
);
-- Read from its end for the newest first. Calls come in the order of time, and pages are full only where an index grows at its end.
CREATE UNIQUE INDEX calls_identity ON calls (tenant_key, timestamp_ms, request_id DESC);
CREATE INDEX calls_request ON calls (request_id);
-- By day, so that what commits write lies together.
CREATE INDEX calls_slowest ON calls (tenant_key, timestamp_ms / 86400000, latency_ms DESC) WHERE latency_ms IS NOT NULL;
-- Only of calls that name one: the others cost nothing here.
CREATE INDEX calls_session ON calls (tenant_key, session_id, timestamp_ms DESC) WHERE session_id IS NOT NULL;

CREATE TABLE evaluations_1m (
  tenant_key INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  name TEXT NOT NULL,
  pair_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  scored INTEGER NOT NULL,
  score_micro_sum INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  labels TEXT NOT NULL,
  PRIMARY KEY (tenant_key, window_start_ms, name, pair_id)
) WITHOUT ROWID;

CREATE TABLE audit_1h (
  tenant_id TEXT NOT NULL,
  hour_start_ms INTEGER NOT NULL,
  accepted_requests INTEGER NOT NULL,
  counted_requests INTEGER NOT NULL,
  duplicate_requests INTEGER NOT NULL,
  dead_requests INTEGER NOT NULL,
  foreign_requests INTEGER NOT NULL,
  accepted_responses INTEGER NOT NULL,
  counted_responses INTEGER NOT NULL,
  waiting_responses INTEGER NOT NULL,
  duplicate_responses INTEGER NOT NULL,
  dead_responses INTEGER NOT NULL,
  foreign_responses INTEGER NOT NULL,
  accepted_evaluations INTEGER NOT NULL,
  counted_evaluations INTEGER NOT NULL,
  waiting_evaluations INTEGER NOT NULL,
  duplicate_evaluations INTEGER NOT NULL,
  dead_evaluations INTEGER NOT NULL,
  foreign_evaluations INTEGER NOT NULL,
  accepted_reports INTEGER NOT NULL,
  counted_reports INTEGER NOT NULL,
  folded_reports INTEGER NOT NULL,
  context_reports INTEGER NOT NULL,
  agent_only_reports INTEGER NOT NULL,
  duplicate_reports INTEGER NOT NULL,
  dead_reports INTEGER NOT NULL,
  late_reports INTEGER NOT NULL,
  corrected_calls INTEGER NOT NULL,
  meter_points INTEGER NOT NULL,
  PRIMARY KEY (hour_start_ms, tenant_id)
) STRICT, WITHOUT ROWID;

-- What senders used, by two witnesses that are never added up: their calls, and their own metrics as registers that only grow.
-- A register older than the retention is kept as a baseline while a later one of its series needs it.
CREATE TABLE sender_calls_1h (
  tenant_key INTEGER NOT NULL,
  hour_start_ms INTEGER NOT NULL,
  service TEXT NOT NULL,
  session TEXT NOT NULL,
  calls INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cached_prompt_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  unpriced_calls INTEGER NOT NULL,
  cost_pico_usd INTEGER NOT NULL,
  PRIMARY KEY (tenant_key, hour_start_ms, service, session)
) WITHOUT ROWID;

CREATE TABLE sender_meters_1h (
  tenant_key INTEGER NOT NULL,
  hour_start_ms INTEGER NOT NULL,
  stream TEXT NOT NULL,
  service TEXT NOT NULL,
  session TEXT NOT NULL,
  scope TEXT NOT NULL,
  precedence INTEGER NOT NULL,
  part TEXT NOT NULL,
  is_delta INTEGER NOT NULL,
  total INTEGER NOT NULL,
  intervals TEXT NOT NULL,
  lost INTEGER NOT NULL,
  is_baseline INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_key, hour_start_ms, stream)
) STRICT, WITHOUT ROWID;
CREATE INDEX sender_meters_1h_stream ON sender_meters_1h (tenant_key, stream, hour_start_ms, total) WHERE is_delta = 0;

CREATE TABLE dead_letters (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  logged_at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  tenant_id TEXT,
  record_key BLOB,
  record_value BLOB,
  is_published INTEGER NOT NULL DEFAULT 0,
  UNIQUE (topic, partition, log_offset)
) STRICT;
CREATE INDEX dead_letters_logged ON dead_letters (logged_at_ms, topic, partition, log_offset);
CREATE INDEX dead_letters_unpublished ON dead_letters (logged_at_ms, topic, partition, log_offset) WHERE is_published = 0;

CREATE TABLE progress (
  partition INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  token TEXT NOT NULL,
  positions TEXT NOT NULL,
  complete_through_ms INTEGER NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  checkpoint BLOB NOT NULL
) STRICT;

-- API keys, and which dead letters were replayed.
CREATE TABLE api_keys (
  key_id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- JSON arrays; NULL: all tenants.
  roles TEXT NOT NULL,
  tenants TEXT,
  created_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Who signed in at the dashboard. JSON arrays; NULL: all tenants.
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  key_hash TEXT,
  subject TEXT NOT NULL,
  roles TEXT NOT NULL,
  tenants TEXT,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter_replays (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  replayed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, log_offset)
) STRICT, WITHOUT ROWID;

-- The names of evaluations and their labels, of which a tenant has a bounded number.
CREATE TABLE evaluation_names (
  tenant_key INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (tenant_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation_labels (
  tenant_key INTEGER NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (tenant_key, name, label)
) STRICT, WITHOUT ROWID;

-- What running processors tell of themselves; settings as JSON.
CREATE TABLE processors (
  processor_id TEXT PRIMARY KEY,
  place TEXT NOT NULL,
  seen_at_ms INTEGER NOT NULL,
  settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Bills of providers beside our figures, as they were found: JSON, for people.
CREATE TABLE reconciliations (
  reconciliation_id TEXT PRIMARY KEY,
  made_at_ms INTEGER NOT NULL,
  tenant_id TEXT,
  report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
