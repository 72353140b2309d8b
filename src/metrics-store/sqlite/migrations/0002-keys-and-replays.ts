/** API keys, and which dead letters were replayed. */
export const KEYS_AND_REPLAYS = `
CREATE TABLE api_keys (
  key_id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  tenant_id TEXT,
  created_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter_replays (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  replayed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, log_offset)
) STRICT, WITHOUT ROWID;
`;
