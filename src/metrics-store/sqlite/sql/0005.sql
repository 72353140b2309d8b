-- The hour of a dimension that its day does not have yet, see `open-hours.ts`. What was written before has none: its days have all.
CREATE TABLE dimension_open_hours (
  tenant_key INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  window_start_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant_key, dimension)
) STRICT, WITHOUT ROWID;
