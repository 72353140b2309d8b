import { addRows } from './0005-commit.ts';

/**
 * The commits of several partitions as one: their deltas come summed, so a row is written, and locked, once for all of them. Locks are taken
 * as before, progress rows in the order of partitions first, so that groups of several processors never wait in a circle.
 *
 * Answers false, and leaves everything as it is, where not every partition stands as its head expects: which of them do not is read
 * from `progress`, and the rest comes again with other sums.
 *
 * `streamlens_commit` stays: processors of the version before call it until they are replaced.
 */
export const GROUP_COMMIT = `
CREATE FUNCTION streamlens_commit_group(heads json, minutes json, hours json, days json, changes json, last_windows json,
  usages json, evaluations json, audits json, full_calls json, answers json, dead_letter_records json)
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
${addRows('numeric')}  RETURN true;
END $$;
`;
