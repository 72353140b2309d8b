-- The pieces of dimensions in a table with a rowid. Without one, each step of a search in the tree read all of the piece that it
-- compared with, of megabytes, to find its key.
CREATE TABLE dimension_pieces (
  tenant_key INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  window_ms INTEGER NOT NULL,
  window_start_ms INTEGER NOT NULL,
  piece INTEGER NOT NULL,
  sums BLOB NOT NULL,
  PRIMARY KEY (tenant_key, dimension, window_ms, window_start_ms, piece)
) STRICT;

INSERT INTO dimension_pieces (tenant_key, dimension, window_ms, window_start_ms, piece, sums)
SELECT tenant_key, dimension, window_ms, window_start_ms, piece, sums FROM dimension_sums;

DROP TABLE dimension_sums;
