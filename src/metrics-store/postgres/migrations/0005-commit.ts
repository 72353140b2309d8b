const TALLY_SUMS = [
  'requests',
  'completed',
  'unanswered',
  'errors',
  'latency_us_sum',
  'prompt_tokens',
  'prompt_tokens_known',
  'completion_tokens',
  'completion_tokens_known',
  'cached_prompt_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'unpriced_requests',
];

const USAGE_SUMS = [
  'calls',
  'unknown_calls',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'unpriced_calls',
];

const EVALUATION_SUMS = ['count', 'scored', 'judged', 'passed'];

const AUDIT_SUMS = ['requests', 'responses', 'evaluations'].flatMap((kind) =>
  ['accepted', 'counted', ...(kind === 'requests' ? [] : ['waiting']), 'duplicate', 'dead'].map(
    (count) => `${count}_${kind}`,
  ),
);

/** Columns of a call besides its key, with their types; the last three are only known to the request. */
const CALL_VALUES = {
  route: 'text',
  model: 'text',
  provider: 'text',
  status: 'text',
  latency_ms: 'double precision',
  time_to_first_token_ms: 'double precision',
  prompt_tokens: 'bigint',
  completion_tokens: 'bigint',
  cached_prompt_tokens: 'bigint',
  cache_write_tokens: 'bigint',
  reasoning_tokens: 'bigint',
  finish_reason: 'text',
  error: 'text',
  answered_model: 'text',
  cost_pico_usd: 'numeric',
};
const CALL_REQUEST_ONLY = { user_id_hash: 'text', session_id: 'text', metadata: 'text' };

const typed = (columns: readonly string[], type: string): string => columns.map((name) => `${name} ${type}`).join(', ');
const adds = (alias: string, columns: readonly string[]): string =>
  columns.map((name) => `${name} = ${alias}.${name} + excluded.${name}`).join(', ');
const sets = (columns: readonly string[]): string => columns.map((name) => `${name} = excluded.${name}`).join(', ');

const upsertWindows = (section: string, table: string): string => `
  INSERT INTO ${table} AS m (tenant_key, window_start, series_id, ${TALLY_SUMS.join(', ')}, latency_us_max, cost_pico_usd,
    latency, time_to_first_token)
  SELECT tenant_key, streamlens_at(start_ms), series_id, ${TALLY_SUMS.join(', ')}, latency_us_max, cost_pico_usd,
    latency::bigint[], time_to_first_token::bigint[]
  FROM json_to_recordset(${section}) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    ${typed(TALLY_SUMS, 'bigint')}, latency_us_max bigint, cost_pico_usd numeric, latency text, time_to_first_token text)
  ORDER BY series_id, start_ms
  ON CONFLICT (tenant_key, window_start, series_id) DO UPDATE SET ${adds('m', [...TALLY_SUMS, 'cost_pico_usd'])},
    latency_us_max = greatest(m.latency_us_max, excluded.latency_us_max),
    latency = hist_add(m.latency, excluded.latency),
    time_to_first_token = hist_add(m.time_to_first_token, excluded.time_to_first_token);`;

const upsertCalls = (section: string, updated: object): string => {
  const values = Object.keys({ ...CALL_VALUES, ...CALL_REQUEST_ONLY });
  const types = Object.entries({ ...CALL_VALUES, ...CALL_REQUEST_ONLY }).map(([name, type]) => `${name} ${type}`);
  return `
  INSERT INTO calls (tenant_key, "timestamp", request_id, ${values.join(', ')})
  SELECT tenant_key, streamlens_at(timestamp_ms), request_id, ${values.join(', ')}
  FROM json_to_recordset(${section}) AS x (tenant_key bigint, timestamp_ms bigint, request_id text, ${types.join(', ')})
  ORDER BY tenant_key, timestamp_ms, request_id COLLATE "C"
  ON CONFLICT (tenant_key, "timestamp", request_id) DO UPDATE SET ${sets(Object.keys(updated))};`;
};

/** What a commit adds, table by table in the order of keys; `at_ms` is when. The same in both functions. */
export const addRows = (scoreSum: 'bigint' | 'numeric'): string => `${upsertWindows('minutes', 'metrics_1m')}
${upsertWindows('hours', 'metrics_1h')}
${upsertWindows('days', 'metrics_1d')}

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

  INSERT INTO usage_1m AS u (tenant_key, window_start, series_id, billed_provider, billed_model, band_from_tokens,
    ${USAGE_SUMS.join(', ')}, cost_pico_usd)
  SELECT tenant_key, streamlens_at(start_ms), series_id, billed_provider, billed_model, band_from_tokens,
    ${USAGE_SUMS.join(', ')}, cost_pico_usd
  FROM json_to_recordset(usages) AS x (tenant_key bigint, start_ms bigint, series_id bigint, billed_provider text,
    billed_model text, band_from_tokens bigint, ${typed(USAGE_SUMS, 'bigint')}, cost_pico_usd numeric)
  ORDER BY series_id, start_ms, billed_provider COLLATE "C", billed_model COLLATE "C", band_from_tokens
  ON CONFLICT (tenant_key, window_start, series_id, billed_provider, billed_model, band_from_tokens)
  DO UPDATE SET ${adds('u', [...USAGE_SUMS, 'cost_pico_usd'])};

  INSERT INTO evaluations_1m AS e (tenant_key, window_start, name, pair_id, ${EVALUATION_SUMS.join(', ')},
    score_micro_sum, labels)
  SELECT tenant_key, streamlens_at(start_ms), name, pair_id, ${EVALUATION_SUMS.join(', ')}, score_micro_sum, labels
  FROM json_to_recordset(evaluations) AS x (tenant_key bigint, start_ms bigint, name text, pair_id bigint,
    ${typed(EVALUATION_SUMS, 'bigint')}, score_micro_sum ${scoreSum}, labels jsonb)
  ORDER BY pair_id, start_ms, name COLLATE "C"
  ON CONFLICT (tenant_key, window_start, name, pair_id) DO UPDATE SET ${adds('e', [...EVALUATION_SUMS, 'score_micro_sum'])},
    labels = streamlens_add_labels(e.labels, excluded.labels);

  INSERT INTO audit_1h AS a (hour_start, tenant_id, ${AUDIT_SUMS.join(', ')})
  SELECT streamlens_at(start_ms), tenant_id, ${AUDIT_SUMS.join(', ')}
  FROM json_to_recordset(audits) AS x (start_ms bigint, tenant_id text, ${typed(AUDIT_SUMS, 'bigint')})
  ORDER BY start_ms, tenant_id COLLATE "C"
  ON CONFLICT (hour_start, tenant_id) DO UPDATE SET ${adds('a', AUDIT_SUMS)};
${upsertCalls('full_calls', { ...CALL_VALUES, ...CALL_REQUEST_ONLY })}
${upsertCalls('answers', CALL_VALUES)}

  INSERT INTO dead_letters (topic, partition, log_offset, logged_at_ms, reason, detail, record_key, record_value)
  SELECT topic, partition, log_offset, logged_at_ms, reason, detail, decode(record_key, 'base64'), decode(record_value, 'base64')
  FROM json_to_recordset(dead_letter_records) AS x (topic text, partition int, log_offset bigint, logged_at_ms bigint,
    reason text, detail text, record_key text, record_value text)
  ORDER BY topic COLLATE "C", partition, log_offset
  ON CONFLICT DO NOTHING;
`;

/**
 * The whole commit as one function, so that it is one round trip and its order of locks is fixed: first the partition's
 * progress, then table by table in the order of keys. Two commits that add to the same rows wait for each other, never in a circle.
 * Answers `applied` or `fenced`.
 *
 * A parameter per section: each use of a `json` value parses all of it again, so one document for everything took five times as long.
 */
export const commitFunction = (scoreSum: 'bigint' | 'numeric'): string => `
CREATE OR REPLACE FUNCTION streamlens_commit(head json, minutes json, hours json, days json, changes json, last_windows json,
  usages json, evaluations json, audits json, full_calls json, answers json, dead_letter_records json)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  target int := (head ->> 'partition')::int;
  expected bigint := (head ->> 'expected_seq')::bigint;
  at_ms bigint := (head ->> 'committed_at_ms')::bigint;
  stored record;
BEGIN
  INSERT INTO progress AS p (partition, seq, token, positions, complete_through_ms, committed_at_ms, checkpoint)
  SELECT target, expected + 1, head ->> 'token', head -> 'positions', (head ->> 'complete_through_ms')::bigint, at_ms,
    coalesce(decode(head ->> 'checkpoint', 'base64'), '')
  WHERE expected = 0 OR EXISTS (SELECT 1 FROM progress WHERE partition = target)
  ON CONFLICT (partition) DO UPDATE SET ${sets(['seq', 'token', 'positions', 'complete_through_ms', 'committed_at_ms'])},
    checkpoint = CASE WHEN head ->> 'checkpoint' IS NULL THEN p.checkpoint ELSE excluded.checkpoint END
  WHERE p.seq = expected;
  IF NOT FOUND THEN
    SELECT seq, token INTO stored FROM progress WHERE partition = target;
    RETURN CASE WHEN stored.seq = expected + 1 AND stored.token = head ->> 'token' THEN 'applied' ELSE 'fenced' END;
  END IF;
${addRows(scoreSum)}  RETURN 'applied';
END $$;
`;

export const COMMIT = `
${commitFunction('bigint')}
CREATE FUNCTION streamlens_add_labels(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN b = '{}' THEN a ELSE (
    SELECT jsonb_object_agg(key, count) FROM (
      SELECT key, sum(value::bigint) AS count FROM (
        SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)
      ) AS each_label GROUP BY key
    ) AS summed
  ) END
$$;
`;
