/**
 * The names of evaluations and their labels, of which a tenant has a bounded number. `streamlens_judged` opens or finds
 * them, an element of `wanted` each: `{tenant_key, name, label}`, where `label` may be null. Beyond the limits the answer is
 * `__overflow__`. Names in the given order (sorted by tenant), as the order decides what overflows; their labels by name:
 * so two commits lock in the same order.
 */
export const EVALUATION_NAMES = `
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

CREATE FUNCTION streamlens_judged(wanted json, names_max int, labels_max int)
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

CREATE FUNCTION streamlens_evaluation_name(tenant bigint, wanted text, names_max int) RETURNS text
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

CREATE FUNCTION streamlens_evaluation_label(tenant bigint, of_name text, wanted text, labels_max int) RETURNS text
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
`;
