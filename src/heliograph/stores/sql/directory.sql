-- Names that are unique on the whole site. A row lies in the slot of the SHA-256 of its name; `target` is what is named.

-- name: claim
INSERT INTO directory (slot, kind, name, target, settled) VALUES (:slot, :kind, :name, :target, :settled)
ON CONFLICT DO NOTHING;

-- name: settle
UPDATE directory SET settled = true WHERE slot = :slot AND kind = :kind AND name = :name AND target = :target;

-- name: find
SELECT target FROM directory WHERE slot = :slot AND kind = :kind AND name = :name;

-- name: find_all
-- `slots` and `names` side by side.
SELECT directory.name, directory.target
FROM unnest(:slots::smallint[], :names::text[]) AS wanted (slot, name)
JOIN directory ON directory.slot = wanted.slot AND directory.kind = :kind AND directory.name = wanted.name;

-- name: release
DELETE FROM directory WHERE slot = :slot AND kind = :kind AND name = :name AND target = :target;

-- name: abandon
-- As release, unless it has been settled meanwhile.
DELETE FROM directory WHERE slot = :slot AND kind = :kind AND name = :name AND target = :target AND NOT settled;

-- name: unsettled
-- scatter
SELECT slot, kind, name, target FROM directory
WHERE NOT settled AND claimed_at < now() - make_interval(secs => :age_s) ORDER BY claimed_at LIMIT :limit;
