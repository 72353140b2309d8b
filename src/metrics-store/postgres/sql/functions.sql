-- What the program calls in the database. Made anew at each migration, so that the functions are always those of the program;
-- the one that commits is put together from the lists of sums in commit-function.ts.

-- Exact for whole ms; dividing by 1000 into seconds would lose the last digit of far instants.
CREATE OR REPLACE FUNCTION streamlens_at(ms bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT timestamptz 'epoch' + ms * interval '1 millisecond' $$;

-- Histograms are bigint[], one element per bucket: (index + 1024) << 41 | count; index -1024 stands for zero. An element stays
-- below 2^53, so that every client reads it exactly, and a bucket counts to 1.1e12. A count may be below zero, where a row takes
-- back what was added: it stands there as the two's complement of its 41 bits.
CREATE OR REPLACE FUNCTION hist_count(bucket bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT ((bucket & 2199023255551) # 1099511627776) - 1099511627776 $$;

--
-- A bucket may occur several times: adding just appends, at 1 to 9 µs a row, and only where the length passes a multiple of 256
-- are equal buckets joined. Joining at every update was measured at 95 µs a row, a merge loop in plpgsql at 56.
CREATE OR REPLACE FUNCTION hist_compact(histogram bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(array_agg((code << 41) | (count & 2199023255551) ORDER BY code), '{}') FROM (
    SELECT bucket >> 41 AS code, sum(hist_count(bucket))::bigint AS count
    FROM unnest(histogram) AS bucket GROUP BY 1
  ) AS joined WHERE count <> 0
$$;

CREATE OR REPLACE FUNCTION hist_add(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN cardinality(a) / 256 = (cardinality(a) + cardinality(b)) / 256 THEN a || b
    ELSE hist_compact(a || b) END
$$;

CREATE OR REPLACE AGGREGATE hist_merge(bigint[]) (
  SFUNC = hist_add, STYPE = bigint[], INITCOND = '{}', FINALFUNC = hist_compact, COMBINEFUNC = hist_add, PARALLEL = SAFE
);

-- Nearest rank, in ms; the same values as bucketValue() of the program. Null over nothing.
CREATE OR REPLACE FUNCTION hist_quantile(histogram bigint[], quantile double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
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
$$;

-- A bucket stands for its middle, which may lie above the largest value; the largest is known exactly.
CREATE OR REPLACE FUNCTION latency_quantile(histogram bigint[], quantile double precision, us_max bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT least(found.ms, us_max / 1000.0::double precision) FROM (SELECT hist_quantile(histogram, quantile) AS ms) AS found
  WHERE found.ms IS NOT NULL
$$;

-- Time partitions are tables named <parent>_<first day>; what no partition covers lies in <parent>_default.
--
-- A new partition takes over its rows from the default one. Order of locks: the default partition first, exclusively, so that
-- nothing is written there in between; commits into other partitions go on.
CREATE OR REPLACE FUNCTION streamlens_open_partition(parent text, first timestamptz, until timestamptz) RETURNS boolean
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
CREATE OR REPLACE FUNCTION streamlens_partitions_before(parent text, before timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
  SELECT child FROM (
    SELECT c.relname::text AS child,
      (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS until
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(parent)
  ) AS children
  WHERE until <= before ORDER BY until
$$;

CREATE OR REPLACE FUNCTION streamlens_tenant(wanted text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  found_key bigint;
BEGIN
  SELECT tenant_key INTO found_key FROM tenants WHERE tenant_id = wanted;
  IF found_key IS NULL THEN
    INSERT INTO tenants (tenant_id) VALUES (wanted) ON CONFLICT DO NOTHING;
    SELECT tenant_key INTO found_key FROM tenants WHERE tenant_id = wanted;
  END IF;
  RETURN found_key;
END $$;

CREATE OR REPLACE FUNCTION streamlens_find_pair(tenant bigint, wanted_route text, wanted_model text) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT pair_id FROM pairs WHERE tenant_key = tenant AND md5(route) = md5(wanted_route) AND md5(model) = md5(wanted_model)
$$;

-- The tenant's row is locked before its pairs are counted: two processors may open pairs at the same time.
CREATE OR REPLACE FUNCTION streamlens_pair(tenant bigint, wanted_route text, wanted_model text, pairs_max int) RETURNS bigint
LANGUAGE plpgsql AS $$
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
END $$;

CREATE OR REPLACE FUNCTION streamlens_series(pair bigint, wanted text, providers_max int) RETURNS bigint LANGUAGE plpgsql AS $$
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
END $$;

-- Opens or finds dictionary entries, one element of wanted each: {tenant_id, route, model, provider}, where provider may be null
-- (only the pair is wanted) and route too (only the tenant).
--
-- In two passes, so that whatever two commits meet, they lock in the same order: first the tenants (that wanted is sorted by),
-- whose pairs are opened in the given order, as it decides what overflows; then the pairs by number, whose providers are opened.
-- In one pass a commit held one pair while it waited for another or for a tenant, and a second commit the other way round.
CREATE OR REPLACE FUNCTION streamlens_resolve(wanted json, pairs_max int, providers_max int)
RETURNS TABLE (item int, out_tenant_key bigint, out_pair_id bigint, out_series_id bigint, out_last_window_start timestamptz)
LANGUAGE plpgsql AS $$
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
END $$;

-- Opens or finds names of evaluations, an element of wanted each: {tenant_key, name, label}, where label may be null. Beyond the
-- limits the answer is __overflow__. Names in the given order (sorted by tenant), as the order decides what overflows; their
-- labels by name: so two commits lock in the same order.
CREATE OR REPLACE FUNCTION streamlens_judged(wanted json, names_max int, labels_max int)
RETURNS TABLE (item int, out_name text, out_label text) LANGUAGE plpgsql AS $$
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
END $$;

CREATE OR REPLACE FUNCTION streamlens_evaluation_name(tenant bigint, wanted text, names_max int) RETURNS text
LANGUAGE plpgsql AS $$
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
END $$;

CREATE OR REPLACE FUNCTION streamlens_evaluation_label(tenant bigint, of_name text, wanted text, labels_max int) RETURNS text
LANGUAGE plpgsql AS $$
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
END $$;

CREATE OR REPLACE FUNCTION streamlens_add_labels(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN b = '{}' THEN a ELSE (
    SELECT coalesce(jsonb_object_agg(key, count), '{}') FROM (
      SELECT key, sum(value::bigint) AS count FROM (
        SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)
      ) AS each_label GROUP BY key HAVING sum(value::bigint) <> 0
    ) AS summed
  ) END
$$;

-- Intervals of a delta series with what each added: the larger of both, as a repetition says the same or less.
CREATE OR REPLACE FUNCTION streamlens_intervals_max(a jsonb, b jsonb, intervals_max int) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN b = '{}' THEN a WHEN a = '{}' THEN b ELSE (
    SELECT jsonb_object_agg(key, value) FROM (
      SELECT key, max(value::bigint) AS value FROM (
        SELECT key, value, 0 AS is_new FROM jsonb_each_text(a)
        UNION ALL SELECT key, value, 1 FROM jsonb_each_text(b)
      ) AS each_interval GROUP BY key ORDER BY min(is_new) LIMIT intervals_max
    ) AS merged
  ) END
$$;

-- How many of b find no room beside those of a.
CREATE OR REPLACE FUNCTION streamlens_intervals_lost(a jsonb, b jsonb, intervals_max int) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a = '{}' OR b = '{}' THEN 0
    ELSE greatest(0, (SELECT count(*) FROM jsonb_object_keys(a || b)) - intervals_max) END
$$;

CREATE OR REPLACE FUNCTION streamlens_intervals_sum(intervals jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(sum(value::bigint), 0)::bigint FROM jsonb_each_text(intervals)
$$;

-- The original's table as a view, with its exact columns first: for Grafana and psql. One row per minute, merged over providers, with
-- the same values as GET /v1/metrics: what nothing could be priced of costs null, not 0, and what was all taken back has no row.
CREATE OR REPLACE VIEW llm_metrics AS
SELECT t.tenant_id, p.route, p.model, m.window_start, m.window_start + interval '1 minute' AS window_end,
  sum(m.requests)::bigint AS requests,
  sum(m.errors)::bigint AS errors,
  (sum(m.latency_us_sum) / 1000 / nullif(sum(m.latency_known), 0))::double precision AS avg_latency_ms,
  latency_quantile(hist_merge(m.latency), 0.95, max(m.latency_us_max)) AS p95_latency_ms,
  (sum(m.prompt_tokens) / nullif(sum(m.prompt_tokens_known), 0))::double precision AS avg_prompt_tokens,
  (sum(m.completion_tokens) / nullif(sum(m.completion_tokens_known), 0))::double precision AS avg_completion_tokens,
  CASE WHEN sum(m.completed) > 0 AND sum(m.unpriced_requests) = sum(m.completed) THEN NULL
    ELSE (sum(m.cost_pico_usd) / 1000000000000)::double precision END AS estimated_cost_usd,
  sum(m.completed)::bigint AS completed,
  sum(m.unanswered)::bigint AS unanswered,
  sum(m.unpriced_requests)::bigint AS unpriced_requests,
  latency_quantile(hist_merge(m.latency), 0.5, max(m.latency_us_max)) AS p50_latency_ms,
  latency_quantile(hist_merge(m.latency), 0.99, max(m.latency_us_max)) AS p99_latency_ms,
  string_agg(DISTINCT nullif(s.provider, ''), ', ') AS provider
FROM metrics_1m m
JOIN series s ON s.series_id = m.series_id
JOIN pairs p ON p.pair_id = s.pair_id
JOIN tenants t ON t.tenant_key = m.tenant_key
WHERE m.requests <> 0
GROUP BY t.tenant_id, p.route, p.model, m.window_start;

-- The numbers of values in a dimension on a day; NULL beyond as many as the day may have. In the order in which tenants are locked.
CREATE OR REPLACE FUNCTION streamlens_dimension_values(wanted json, values_max int)
RETURNS TABLE (item int, out_value bigint) LANGUAGE plpgsql AS $$
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
END $$;
