-- Both ends of a follow. `followers` (with the followed) decides and issues `rev`; `follows` (with the follower) follows.

-- name: hold
-- Only one at a time decides about two accounts, at this end: a follow and a block cannot both stand. A statement of its own:
-- the next one sees what was committed while this one waited.
SELECT pg_advisory_xact_lock(hashint8extended(:account_id::bigint, :other_id::bigint));

-- name: standing
-- What a decision is made from. An account cannot be unlocked meanwhile, so that no request waits at one that is not locked.
SELECT a.state, a.locked, coalesce(f.rev, 0) AS rev, coalesce(f.gone, true) AS gone,
       coalesce(f.requested, false) AS requested, coalesce(f.reblogs, true) AS reblogs, coalesce(f.notify, false) AS notify,
       EXISTS (
           SELECT FROM blocks WHERE slot = :slot AND account_id = :account_id AND target_id = :follower_id AND NOT gone
       ) OR EXISTS (
           SELECT FROM blocked_by WHERE slot = :slot AND account_id = :account_id AND blocker_id = :follower_id AND NOT gone
       ) AS blocked
FROM accounts a LEFT JOIN followers f ON f.slot = :slot AND f.account_id = a.id AND f.follower_id = :follower_id
WHERE a.slot = :slot AND a.id = :account_id
FOR KEY SHARE OF a;

-- name: decide
INSERT INTO followers AS edge (slot, account_id, follower_id, rev, gone, requested, reblogs, notify)
VALUES (:slot, :account_id, :follower_id, mint_id(:slot), :gone, :requested, :reblogs, :notify)
ON CONFLICT (slot, account_id, follower_id) DO UPDATE
SET rev = greatest(excluded.rev, edge.rev + 1), gone = excluded.gone, requested = excluded.requested,
    reblogs = excluded.reblogs, notify = excluded.notify
RETURNING rev;

-- name: apply
-- The follower's end: only a newer rev does anything, and nothing where the account is no longer there. Gives the change of the number of follows: 1, 0 or -1.
INSERT INTO follows AS edge (slot, account_id, target_id, rev, gone, requested, reblogs, notify)
SELECT :slot::smallint, :account_id::bigint, :target_id, :rev, :gone, :requested, :reblogs, :notify
WHERE EXISTS (SELECT FROM accounts WHERE slot = :slot AND id = :account_id)
ON CONFLICT (slot, account_id, target_id) DO UPDATE
SET rev = excluded.rev, gone = excluded.gone, requested = excluded.requested, reblogs = excluded.reblogs,
    notify = excluded.notify
WHERE edge.rev < excluded.rev
RETURNING (NOT new.gone)::int - (NOT coalesce(old.gone, true))::int AS change;

-- name: is_full
-- Whether an account that neither follows the target nor waits for it follows, or waits for, as many as it may. Reads no
-- more of them than that.
SELECT NOT EXISTS (
    SELECT FROM follows
    WHERE slot = :slot AND account_id = :account_id AND target_id = :target_id AND (NOT gone OR requested)
) AND :at_most <= (
    SELECT count(*) FROM (
        (SELECT FROM follows WHERE slot = :slot AND account_id = :account_id AND NOT gone LIMIT :at_most)
        UNION ALL
        (SELECT FROM follows WHERE slot = :slot AND account_id = :account_id AND requested LIMIT :at_most)
    ) AS followed
) AS is_full;

-- name: followed_among
SELECT target_id FROM follows
WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]) AND NOT gone;

-- name: followers_page
-- For delivery: in the order of ids, so that a cursor can stand between two pages. As one array, which costs a tenth of rows.
SELECT ARRAY(
    SELECT follower_id FROM followers
    WHERE slot = :slot AND account_id = :account_id AND follower_id > :cursor AND NOT gone
    ORDER BY follower_id LIMIT :limit
);

-- name: followers_together
-- The first followers of each of some accounts, in the order of ids.
SELECT account.id, ARRAY(
    SELECT follower_id FROM followers
    WHERE followers.slot = account.slot AND followers.account_id = account.id AND NOT gone
    ORDER BY follower_id LIMIT :limit
) AS followers
FROM unnest(:slots::smallint[], :accounts::bigint[]) AS account (slot, id);

-- name: followers_newest
-- Nothing, to others, of an account that hides its lists.
SELECT follower_id AS id, rev FROM followers
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
  AND (account_id = :viewer OR NOT (SELECT hide_collections FROM accounts WHERE slot = :slot AND id = :account_id))
ORDER BY rev DESC LIMIT :limit;

-- name: followers_oldest
SELECT follower_id AS id, rev FROM followers
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
  AND (account_id = :viewer OR NOT (SELECT hide_collections FROM accounts WHERE slot = :slot AND id = :account_id))
ORDER BY rev LIMIT :limit;

-- name: following_newest
SELECT target_id AS id, rev FROM follows
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
  AND (account_id = :viewer OR NOT (SELECT hide_collections FROM accounts WHERE slot = :slot AND id = :account_id))
ORDER BY rev DESC LIMIT :limit;

-- name: following_oldest
SELECT target_id AS id, rev FROM follows
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
  AND (account_id = :viewer OR NOT (SELECT hide_collections FROM accounts WHERE slot = :slot AND id = :account_id))
ORDER BY rev LIMIT :limit;

-- name: requests_newest
SELECT follower_id AS id, rev FROM followers
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND requested
ORDER BY rev DESC LIMIT :limit;

-- name: requests_oldest
SELECT follower_id AS id, rev FROM followers
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND requested
ORDER BY rev LIMIT :limit;

-- name: count_requests
SELECT count(*) FROM followers WHERE slot = :slot AND account_id = :account_id AND requested;

-- name: familiar
-- Who of `followed` follows whom of `ids`, the latest first.
SELECT account_id, follower_id FROM followers
WHERE slot = ANY(:slots::smallint[]) AND account_id = ANY(:ids::bigint[]) AND follower_id = ANY(:followed::bigint[])
  AND NOT gone
ORDER BY rev DESC;

-- name: sweep_followers
-- Tombstones older than any message that is still under way. What waits is none.
-- scatter
DELETE FROM followers WHERE gone AND NOT requested AND rev < :below;

-- name: sweep_follows
-- scatter
DELETE FROM follows WHERE gone AND NOT requested AND rev < :below;
