import { CALL_COLUMNS, CALL_REQUEST_ONLY_COLUMNS, CALL_VALUE_COLUMNS } from '../call-columns.ts';
import { AUDIT_COLUMNS, EVALUATION_SUM_COLUMNS } from '../tally-columns.ts';

/** The statements of a commit, which in Postgres is one function (`commit-function.ts`). */

const list = (columns: readonly string[]): string => columns.join(', ');
const marks = (columns: readonly string[]): string => columns.map(() => '?').join(', ');
const adds = (columns: readonly string[]): string =>
  columns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');
const sets = (columns: readonly string[]): string => columns.map((name) => `${name} = excluded.${name}`).join(', ');

const WINDOW_KEY = ['tenant_key', 'window_start_ms', 'series_id'];

/** Values: key, then what its revision grows by, when it changed, its sums. */
export const UPSERT_MINUTE = `
  INSERT INTO metrics_1m (${list(WINDOW_KEY)}, revision, changed_at_ms, sums) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (${list(WINDOW_KEY)}) DO UPDATE SET revision = revision + excluded.revision,
    changed_at_ms = max(changed_at_ms, excluded.changed_at_ms), sums = sums_add(sums, excluded.sums)`;

/** Values: key, then which minutes, its sums. */
export const UPSERT_HOUR = `
  INSERT INTO metrics_1h (${list(WINDOW_KEY)}, minutes, sums) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (${list(WINDOW_KEY)}) DO UPDATE SET minutes = minutes | excluded.minutes,
    sums = sums_add(sums, excluded.sums)`;

/** Values: key, then its requests, its sums. */
export const UPSERT_DAY = `
  INSERT INTO metrics_1d (${list(WINDOW_KEY)}, requests, revision, sums) VALUES (?, ?, ?, ?, 1, ?)
  ON CONFLICT (${list(WINDOW_KEY)}) DO UPDATE SET requests = requests + excluded.requests, revision = revision + 1,
    sums = sums_add(sums, excluded.sums)`;

/** A row that waits already keeps its place: it waits since its first change. */
export const QUEUE_ROW = 'INSERT INTO unpublished_rows (pair_id, window_start_ms) VALUES (?, ?) ON CONFLICT DO NOTHING';

export const MOVE_LAST_WINDOW =
  'UPDATE series SET last_window_start_ms = max(last_window_start_ms, ?) WHERE series_id = ?';

const EVALUATION_KEY = ['tenant_key', 'window_start_ms', 'name', 'pair_id'];

const EVALUATION_VALUES = [...EVALUATION_SUM_COLUMNS, 'score_micro_sum'];

export const UPSERT_EVALUATION = `
  INSERT INTO evaluations_1m (${list([...EVALUATION_KEY, ...EVALUATION_VALUES, 'labels'])})
  VALUES (${marks([...EVALUATION_KEY, ...EVALUATION_VALUES, 'labels'])})
  ON CONFLICT (${list(EVALUATION_KEY)}) DO UPDATE SET ${adds(EVALUATION_VALUES)},
  labels = labels_add(labels, excluded.labels)`;

export const UPSERT_AUDIT = `
  INSERT INTO audit_1h (hour_start_ms, tenant_id, ${list(AUDIT_COLUMNS)})
  VALUES (?, ?, ${marks(AUDIT_COLUMNS)})
  ON CONFLICT (hour_start_ms, tenant_id) DO UPDATE SET ${adds(AUDIT_COLUMNS)}`;

const insertCall = (updated: readonly string[]): string => `
  INSERT INTO calls (tenant_key, ${list(CALL_COLUMNS)}) VALUES (?, ${marks(CALL_COLUMNS)})
  ON CONFLICT (tenant_key, timestamp_ms, request_id) DO UPDATE SET ${sets(updated)}`;

export const UPSERT_FULL_CALL = insertCall([...CALL_VALUE_COLUMNS, ...CALL_REQUEST_ONLY_COLUMNS]);
export const UPSERT_ANSWER = insertCall(CALL_VALUE_COLUMNS);

/** Values: tenant, timestamp, request id. */
export const DELETE_CALL = `
  DELETE FROM calls WHERE tenant_key = (SELECT tenant_key FROM tenants WHERE tenant_id = ?)
    AND timestamp_ms = ? AND request_id = ?`;

export const INSERT_DEAD_LETTER = `
  INSERT INTO dead_letters (topic, partition, log_offset, logged_at_ms, reason, detail, tenant_id, record_key, record_value)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

export const SELECT_PROGRESS = `
  SELECT partition, seq, token, positions, complete_through_ms, committed_at_ms, checkpoint FROM progress`;

/** Writes of other connections, writes of this one, how far the least complete partition is. */
export const SELECT_STATE = `
  SELECT v.data_version, total_changes(), (SELECT min(complete_through_ms) FROM progress) FROM pragma_data_version AS v`;

export const UPSERT_PROGRESS = `
  INSERT INTO progress (partition, seq, token, positions, complete_through_ms, committed_at_ms, checkpoint)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce(?7, x''))
  ON CONFLICT (partition) DO UPDATE SET ${sets(['seq', 'token', 'positions', 'complete_through_ms', 'committed_at_ms'])},
  checkpoint = coalesce(?7, checkpoint)`;
