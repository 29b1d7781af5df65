-- Which migrations a shard has had. The table tells of the shard itself, so it has no slot.

-- name: table
-- scatter
SELECT to_regclass('migrations')::text;

-- name: prepare
-- scatter
CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());

-- name: had
-- scatter
SELECT name FROM migrations;

-- name: own_slots
-- The slots that the topology gives a new shard. A shard that has slots keeps those that it has.
-- scatter
INSERT INTO slot_owner (slot)
SELECT slot FROM generate_series(:first::integer, :last::integer) AS slot
WHERE NOT EXISTS (SELECT FROM slot_owner)
ON CONFLICT DO NOTHING;

-- name: server
-- scatter
SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size_bytes;
