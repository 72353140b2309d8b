-- Searches of the web that providers bill beside tokens: how many, and how many calls had some.
ALTER TABLE usage_1m
  ADD COLUMN web_searches bigint NOT NULL DEFAULT 0,
  ADD COLUMN grounded_requests bigint NOT NULL DEFAULT 0;
