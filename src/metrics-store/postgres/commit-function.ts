import { BILLED_COLUMNS, BILLED_TYPES } from '../billed-columns.ts';
import type { CallFacts } from '../call.ts';
import { CALL_KEPT, CALL_REQUEST_ONLY, CALL_VALUES } from '../call-columns.ts';
import {
  AUDIT_COLUMNS,
  columnOf,
  EVALUATION_SUM_COLUMNS,
  TALLY_EXACT_COLUMNS,
  TALLY_HISTOGRAM_COLUMNS,
  TALLY_MAX_COLUMNS,
  TALLY_SUM_COLUMNS,
  USAGE_EXACT_COLUMNS,
  USAGE_SUM_COLUMNS,
} from '../tally-columns.ts';
import { UPSERT_METERS, UPSERT_SENDER_CALLS } from './sender-use-statements.ts';

type CallValue = (typeof CALL_VALUES)[number] | (typeof CALL_REQUEST_ONLY)[number];

/** Types of the columns of a call's facts besides its key. */
const FACT_TYPES = {
  route: 'text',
  model: 'text',
  provider: 'text',
  status: 'text',
  latencyMs: 'double precision',
  timeToFirstTokenMs: 'double precision',
  promptTokens: 'bigint',
  completionTokens: 'bigint',
  cachedPromptTokens: 'bigint',
  cacheWriteTokens: 'bigint',
  reasoningTokens: 'bigint',
  error: 'text',
  answeredModel: 'text',
  errorKind: 'text',
  costPicoUsd: 'numeric',
  costSource: 'text',
  reportedCostPicoUsd: 'numeric',
  listCostPicoUsd: 'numeric',
  bill: 'text',
} as const satisfies Readonly<Record<Extract<CallValue, keyof CallFacts>, string>>;

const KEPT_TYPES = { text: 'text', object: 'text', integer: 'bigint', number: 'double precision' } as const;
const CALL_TYPES: Readonly<Record<string, string>> = {
  ...FACT_TYPES,
  ...Object.fromEntries(CALL_KEPT.map(({ field, kind }) => [field, KEPT_TYPES[kind]])),
};

const list = (columns: readonly string[]): string => columns.join(', ');
const typed = (columns: readonly string[], type: string): string => columns.map((name) => `${name} ${type}`).join(', ');
const adds = (alias: string, columns: readonly string[]): string =>
  columns.map((name) => `${name} = ${alias}.${name} + excluded.${name}`).join(', ');
const sets = (columns: readonly string[]): string => columns.map((name) => `${name} = excluded.${name}`).join(', ');

const merges = (alias: string, columns: readonly string[], merge: string): string =>
  columns.map((name) => `${name} = ${merge}(${alias}.${name}, excluded.${name})`).join(', ');

const TALLY_COLUMNS = list([
  ...TALLY_SUM_COLUMNS,
  ...TALLY_MAX_COLUMNS,
  ...TALLY_EXACT_COLUMNS,
  ...TALLY_HISTOGRAM_COLUMNS,
]);

const upsertWindows = (section: string, table: string, isDay = false): string => `
  INSERT INTO ${table} AS m (tenant_key, window_start, series_id, ${TALLY_COLUMNS}${isDay ? ', revision' : ''})
  SELECT tenant_key, streamlens_at(start_ms), series_id,
    ${list([...TALLY_SUM_COLUMNS, ...TALLY_MAX_COLUMNS, ...TALLY_EXACT_COLUMNS])},
    ${list(TALLY_HISTOGRAM_COLUMNS.map((name) => `${name}::bigint[]`))}${isDay ? ', 1' : ''}
  FROM json_to_recordset(${section}) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    ${typed([...TALLY_SUM_COLUMNS, ...TALLY_MAX_COLUMNS], 'bigint')}, ${typed(TALLY_EXACT_COLUMNS, 'numeric')},
    ${typed(TALLY_HISTOGRAM_COLUMNS, 'text')})
  ORDER BY series_id, start_ms
  ON CONFLICT (tenant_key, window_start, series_id) DO UPDATE SET
    ${adds('m', [...TALLY_SUM_COLUMNS, ...TALLY_EXACT_COLUMNS])},
    ${merges('m', TALLY_MAX_COLUMNS, 'greatest')},
    ${merges('m', TALLY_HISTOGRAM_COLUMNS, 'hist_add')}${isDay ? ', revision = m.revision + 1' : ''};`;

/** @param updated the fields that a call which is stored already takes over */
const upsertCalls = (section: string, updated: readonly CallValue[]): string => {
  const values: readonly CallValue[] = [...CALL_VALUES, ...CALL_REQUEST_ONLY];
  const types = values.map((field) => `${columnOf(field)} ${CALL_TYPES[field]}`);
  return `
  INSERT INTO calls (tenant_key, "timestamp", request_id, ${list(values.map(columnOf))})
  SELECT tenant_key, streamlens_at(timestamp_ms), request_id, ${list(values.map(columnOf))}
  FROM json_to_recordset(${section}) AS x (tenant_key bigint, timestamp_ms bigint, request_id text, ${list(types)})
  ORDER BY tenant_key, timestamp_ms, request_id COLLATE "C"
  ON CONFLICT (tenant_key, "timestamp", request_id) DO UPDATE SET ${sets(updated.map(columnOf))};`;
};

const USAGE_VALUES = [...USAGE_SUM_COLUMNS, ...USAGE_EXACT_COLUMNS];
/** Processors of an earlier release, which run on while a newer one is rolled out, do not know these. */
const LATER_USAGE: ReadonlySet<string> = new Set(['web_searches', 'grounded_requests']);
const GIVEN_USAGE = USAGE_VALUES.map((name) => (LATER_USAGE.has(name) ? `coalesce(${name}, 0)` : name));

/** What a commit adds, table by table in the order of keys; `at_ms` is when. */
const ADD_ROWS = `${upsertWindows('minutes', 'metrics_1m')}
${upsertWindows('hours', 'metrics_1h')}
${upsertWindows('days', 'metrics_1d', true)}

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

  INSERT INTO usage_1m AS u (tenant_key, window_start, series_id, ${list(BILLED_COLUMNS)},
    ${list(USAGE_VALUES)})
  SELECT tenant_key, streamlens_at(start_ms), series_id, ${list(BILLED_COLUMNS)},
    ${list(GIVEN_USAGE)}
  FROM json_to_recordset(usages) AS x (tenant_key bigint, start_ms bigint, series_id bigint,
    ${list(BILLED_COLUMNS.map((name, index) => `${name} ${BILLED_TYPES[index]}`))}, ${typed(USAGE_SUM_COLUMNS, 'bigint')}, ${typed(USAGE_EXACT_COLUMNS, 'numeric')})
  ORDER BY series_id, start_ms, ${list(BILLED_COLUMNS.map((name, index) => (BILLED_TYPES[index] === 'text' ? `${name} COLLATE "C"` : name)))}
  ON CONFLICT (tenant_key, window_start, series_id, ${list(BILLED_COLUMNS)})
  DO UPDATE SET ${adds('u', USAGE_VALUES)};

  INSERT INTO evaluations_1m AS e (tenant_key, window_start, name, pair_id, ${list(EVALUATION_SUM_COLUMNS)},
    score_micro_sum, labels)
  SELECT tenant_key, streamlens_at(start_ms), name, pair_id, ${list(EVALUATION_SUM_COLUMNS)}, score_micro_sum, labels
  FROM json_to_recordset(evaluations) AS x (tenant_key bigint, start_ms bigint, name text, pair_id bigint,
    ${typed(EVALUATION_SUM_COLUMNS, 'bigint')}, score_micro_sum numeric, labels jsonb)
  ORDER BY pair_id, start_ms, name COLLATE "C"
  ON CONFLICT (tenant_key, window_start, name, pair_id) DO UPDATE SET
    ${adds('e', [...EVALUATION_SUM_COLUMNS, 'score_micro_sum'])},
    labels = streamlens_add_labels(e.labels, excluded.labels);

  INSERT INTO audit_1h AS a (hour_start, tenant_id, ${list(AUDIT_COLUMNS)})
  SELECT streamlens_at(start_ms), tenant_id, ${list(AUDIT_COLUMNS)}
  FROM json_to_recordset(audits) AS x (start_ms bigint, tenant_id text, ${typed(AUDIT_COLUMNS, 'bigint')})
  ORDER BY start_ms, tenant_id COLLATE "C"
  ON CONFLICT (hour_start, tenant_id) DO UPDATE SET ${adds('a', AUDIT_COLUMNS)};

  INSERT INTO dimension_sums (tenant_key, dimension, window_ms, window_start, sums)
  SELECT tenant_key, dimension, window_ms, streamlens_at(start_ms), decode(sums, 'base64')
  FROM json_to_recordset(dimension_pieces) AS x (tenant_key bigint, dimension text, window_ms int, start_ms bigint, sums text);

${UPSERT_SENDER_CALLS}
${UPSERT_METERS}

  DELETE FROM calls c USING (
    SELECT t.tenant_key, streamlens_at(x.timestamp_ms) AS "timestamp", x.request_id
    FROM json_to_recordset(removed_calls) AS x (tenant_id text, timestamp_ms bigint, request_id text)
    JOIN tenants t ON t.tenant_id = x.tenant_id
  ) AS gone
  WHERE c.tenant_key = gone.tenant_key AND c."timestamp" = gone."timestamp" AND c.request_id = gone.request_id;
${upsertCalls('full_calls', [...CALL_VALUES, ...CALL_REQUEST_ONLY])}
${upsertCalls('answers', CALL_VALUES)}

  INSERT INTO dead_letters (topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, record_key, record_value)
  SELECT topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, decode(record_key, 'base64'),
    decode(record_value, 'base64')
  FROM json_to_recordset(dead_letter_records) AS x (topic text, partition int, log_offset bigint, logged_at_ms bigint,
    reason text, detail text, tenant_id text, record_key text, record_value text)
  ORDER BY topic COLLATE "C", partition, log_offset
  ON CONFLICT DO NOTHING;
`;

/**
 * The commits of several partitions as one function, so that they are one round trip and their order of locks is fixed:
 * first the progress rows in the order of partitions, then table by table in the order of keys. Two commits that add to
 * the same rows wait for each other, never in a circle. The deltas of all partitions come summed, so a row is written,
 * and locked, once.
 *
 * Answers false, and leaves everything as it is, where not every partition stands as its head expects: which of them do
 * not is read from `progress`, and the rest comes again with other sums.
 *
 * A parameter per section: each use of a `json` value parses all of it again, so one document for everything took five
 * times as long. The columns come from the lists that the program itself adds up, so that none can be missing here.
 */
export const COMMIT_FUNCTION = `
CREATE OR REPLACE FUNCTION streamlens_commit_group(heads json, minutes json, hours json, days json, changes json,
  last_windows json, usages json, evaluations json, audits json, removed_calls json, full_calls json, answers json, dead_letter_records json,
  sender_calls json, meters json, dimension_pieces json)
RETURNS boolean LANGUAGE plpgsql AS $$
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
${ADD_ROWS}  RETURN true;
END $$;
`;
