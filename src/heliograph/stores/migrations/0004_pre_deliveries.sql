-- How many feeds a message is still to reach: what waits can be counted in deliveries, not in messages alone.

ALTER TABLE outbox ADD COLUMN deliveries bigint NOT NULL DEFAULT 0;
