/**
 * Time partitions are tables named `<parent>_<first day>`; what no partition covers lies in `<parent>_default`.
 *
 * A new partition takes over its rows from the default one. Order of locks: the default partition first, exclusively, so that
 * nothing is written there in between; commits into other partitions go on.
 */
export const PARTITIONS = `
CREATE FUNCTION streamlens_open_partition(parent text, first timestamptz, until timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
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
END $$;

-- Partitions that end at or before the instant, oldest first. The end is read from the catalog, not from the name.
CREATE FUNCTION streamlens_partitions_before(parent text, before timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
  SELECT child FROM (
    SELECT c.relname::text AS child,
      (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz AS until
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(parent)
  ) AS children
  WHERE until <= before ORDER BY until
$$;
`;
