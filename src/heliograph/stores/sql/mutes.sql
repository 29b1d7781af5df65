-- Whom an account does not want to hear of: one end only, with who mutes.

-- name: put
-- What is muted already keeps its place in the list.
INSERT INTO mutes AS edge (slot, account_id, target_id, rev, notifications, expires_at)
VALUES (:slot, :account_id, :target_id, mint_id(:slot), :notifications, :expires_at)
ON CONFLICT (slot, account_id, target_id) DO UPDATE
SET notifications = excluded.notifications, expires_at = excluded.expires_at;

-- name: remove
DELETE FROM mutes WHERE slot = :slot AND account_id = :account_id AND target_id = :target_id;

-- name: newest
SELECT target_id AS id, rev, expires_at FROM mutes
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above
  AND (expires_at IS NULL OR expires_at > now())
ORDER BY rev DESC LIMIT :limit;

-- name: oldest
SELECT target_id AS id, rev, expires_at FROM mutes
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above
  AND (expires_at IS NULL OR expires_at > now())
ORDER BY rev LIMIT :limit;

-- name: sweep
-- scatter
DELETE FROM mutes WHERE expires_at <= now();
