-- How far somebody has read, for all their devices.

-- name: of
SELECT timeline, last_read_id, version, updated_at FROM markers
WHERE slot = :slot AND account_id = :account_id AND timeline = ANY(:timelines::text[]);

-- name: set
-- The version tells how often it has moved.
INSERT INTO markers AS had (slot, account_id, timeline, last_read_id)
VALUES (:slot, :account_id, :timeline, :last_read_id)
ON CONFLICT (slot, account_id, timeline) DO UPDATE
SET last_read_id = excluded.last_read_id, version = had.version + (had.last_read_id <> excluded.last_read_id)::int,
    updated_at = now()
RETURNING timeline, last_read_id, version, updated_at;
