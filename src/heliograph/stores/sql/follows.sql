-- Both ends of a follow. `followers` (with the followed) decides and issues `rev`; `follows` (with the follower) follows.

-- name: decide_follow
-- Gives the rev that stands and whether this statement changed the edge.
WITH changed AS (
    INSERT INTO followers AS edge (slot, account_id, follower_id, rev)
    VALUES (:slot, :account_id, :follower_id, mint_id(:slot))
    ON CONFLICT (slot, account_id, follower_id) DO UPDATE
    SET gone = false, rev = greatest(excluded.rev, edge.rev + 1) WHERE edge.gone
    RETURNING rev
)
SELECT rev, true AS changed FROM changed
UNION ALL
SELECT rev, false FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id = :follower_id AND NOT gone
  AND NOT EXISTS (SELECT FROM changed);

-- name: decide_unfollow
WITH changed AS (
    UPDATE followers SET gone = true, rev = greatest(mint_id(:slot), rev + 1)
    WHERE slot = :slot AND account_id = :account_id AND follower_id = :follower_id AND NOT gone
    RETURNING rev
)
SELECT rev, true AS changed FROM changed
UNION ALL
SELECT rev, false FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id = :follower_id AND gone
  AND NOT EXISTS (SELECT FROM changed);

-- name: apply
-- The follower's end: only a newer rev does anything. Gives the change of the number of follows: 1, 0 or -1.
INSERT INTO follows AS edge (slot, account_id, target_id, rev, gone)
VALUES (:slot, :account_id, :target_id, :rev, :gone)
ON CONFLICT (slot, account_id, target_id) DO UPDATE SET rev = excluded.rev, gone = excluded.gone
WHERE edge.rev < excluded.rev
RETURNING (NOT new.gone)::int - (NOT coalesce(old.gone, true))::int AS change;

-- name: is_full
-- Whether an account that does not follow the target follows as many as it may. Reads no more of them than that.
SELECT NOT EXISTS (
    SELECT FROM follows WHERE slot = :slot AND account_id = :account_id AND target_id = :target_id AND NOT gone
) AND :at_most <= (
    SELECT count(*) FROM (
        SELECT FROM follows WHERE slot = :slot AND account_id = :account_id AND NOT gone LIMIT :at_most
    ) AS followed
) AS is_full;

-- name: followed_among
SELECT target_id FROM follows
WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]) AND NOT gone;

-- name: followers_among
SELECT follower_id FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id = ANY(:ids::bigint[]) AND NOT gone;

-- name: followers_page
-- For delivery: in the order of ids, so that a cursor can stand between two pages.
SELECT follower_id FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id > :cursor AND NOT gone
ORDER BY follower_id LIMIT :limit;

-- name: followers_newest
SELECT follower_id AS id, rev FROM followers
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev DESC LIMIT :limit;

-- name: followers_oldest
SELECT follower_id AS id, rev FROM followers
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev LIMIT :limit;

-- name: following_newest
SELECT target_id AS id, rev FROM follows
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev DESC LIMIT :limit;

-- name: following_oldest
SELECT target_id AS id, rev FROM follows
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev LIMIT :limit;

-- name: sweep_followers
-- Tombstones older than any message that is still under way.
-- scatter
DELETE FROM followers WHERE gone AND rev < :below;

-- name: sweep_follows
-- scatter
DELETE FROM follows WHERE gone AND rev < :below;
