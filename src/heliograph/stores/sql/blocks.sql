-- Both ends of a block. `blocks` (with who blocks) decides and issues `rev`; `blocked_by` (with the blocked) follows.

-- name: standing
SELECT rev, gone FROM blocks WHERE slot = :slot AND account_id = :account_id AND target_id = :target_id;

-- name: decide
INSERT INTO blocks AS edge (slot, account_id, target_id, rev, gone)
VALUES (:slot, :account_id, :target_id, mint_id(:slot), :gone)
ON CONFLICT (slot, account_id, target_id) DO UPDATE
SET gone = excluded.gone, rev = greatest(excluded.rev, edge.rev + 1)
RETURNING rev;

-- name: apply
-- The blocked's end: only a newer rev does anything, and nothing where the account is no longer there.
INSERT INTO blocked_by AS edge (slot, account_id, blocker_id, rev, gone)
SELECT :slot::smallint, :account_id::bigint, :blocker_id, :rev, :gone
WHERE EXISTS (SELECT FROM accounts WHERE slot = :slot AND id = :account_id)
ON CONFLICT (slot, account_id, blocker_id) DO UPDATE SET rev = excluded.rev, gone = excluded.gone
WHERE edge.rev < excluded.rev;

-- name: newest
SELECT target_id AS id, rev FROM blocks
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev DESC LIMIT :limit;

-- name: oldest
SELECT target_id AS id, rev FROM blocks
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev LIMIT :limit;

-- name: sweep_blocks
-- scatter
DELETE FROM blocks WHERE gone AND rev < :below;

-- name: sweep_blocked_by
-- scatter
DELETE FROM blocked_by WHERE gone AND rev < :below;
