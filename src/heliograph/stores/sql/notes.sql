-- What somebody has noted about an account, for themselves alone.

-- name: put
INSERT INTO account_notes (slot, account_id, target_id, comment) VALUES (:slot, :account_id, :target_id, :comment)
ON CONFLICT (slot, account_id, target_id) DO UPDATE SET comment = excluded.comment;

-- name: remove
DELETE FROM account_notes WHERE slot = :slot AND account_id = :account_id AND target_id = :target_id;
