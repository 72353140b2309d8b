/**
 * Opens or finds dictionary entries, one element of `wanted` each: `{tenant_id, route, model, provider}`, where `provider` may be null
 * (only the pair is wanted) and `route` too (only the tenant). In the given order, as the order decides what overflows.
 */
export const DICTIONARY = `
CREATE FUNCTION streamlens_resolve(wanted json, pairs_max int, providers_max int)
RETURNS TABLE (item int, out_tenant_key bigint, out_pair_id bigint, out_series_id bigint, out_last_window_start timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  w record;
BEGIN
  FOR w IN SELECT x.n, x.e ->> 'tenant_id' AS tenant_id, x.e ->> 'route' AS route, x.e ->> 'model' AS model,
      x.e ->> 'provider' AS provider
    FROM json_array_elements(wanted) WITH ORDINALITY AS x (e, n) ORDER BY x.n
  LOOP
    item := w.n - 1;
    out_pair_id := NULL;
    out_series_id := NULL;
    out_last_window_start := NULL;
    out_tenant_key := streamlens_tenant(w.tenant_id);
    IF w.route IS NOT NULL THEN
      out_pair_id := streamlens_pair(out_tenant_key, w.route, w.model, pairs_max);
    END IF;
    IF w.provider IS NOT NULL THEN
      out_series_id := streamlens_series(out_pair_id, w.provider, providers_max);
      SELECT s.last_window_start INTO out_last_window_start FROM series s WHERE s.series_id = out_series_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

CREATE FUNCTION streamlens_tenant(wanted text) RETURNS bigint LANGUAGE plpgsql AS $$
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

CREATE FUNCTION streamlens_find_pair(tenant bigint, wanted_route text, wanted_model text) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT pair_id FROM pairs WHERE tenant_key = tenant AND md5(route) = md5(wanted_route) AND md5(model) = md5(wanted_model)
$$;

-- The tenant's row is locked before its pairs are counted: two processors may open pairs at the same time.
CREATE FUNCTION streamlens_pair(tenant bigint, wanted_route text, wanted_model text, pairs_max int) RETURNS bigint
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

CREATE FUNCTION streamlens_series(pair bigint, wanted text, providers_max int) RETURNS bigint LANGUAGE plpgsql AS $$
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
`;
