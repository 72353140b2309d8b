/** API keys, and which dead letters were replayed. */
export const KEYS_AND_REPLAYS = `
CREATE TABLE api_keys (
  key_id text COLLATE "C" PRIMARY KEY,
  hash text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  tenant_id text COLLATE "C",
  created_at_ms bigint NOT NULL,
  revoked_at_ms bigint
);

CREATE TABLE dead_letter_replays (
  topic text COLLATE "C" NOT NULL,
  partition int NOT NULL,
  log_offset bigint NOT NULL,
  replayed_at_ms bigint NOT NULL,
  PRIMARY KEY (topic, partition, log_offset)
);
`;
