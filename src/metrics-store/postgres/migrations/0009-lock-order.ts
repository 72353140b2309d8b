/**
 * `streamlens_resolve` in two passes, so that whatever two commits meet, they lock in the same order: first the tenants
 * (that `wanted` is sorted by), whose pairs are opened in the given order, as it decides what overflows; then the pairs
 * by number, whose providers are opened. In one pass a commit held one pair while it waited for another or for a tenant,
 * and a second commit the other way round.
 */
export const LOCK_ORDER = `
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
`;
