-- Both ends of a like. `likes` (with the post) decides and issues `rev`; `favourites` (with who likes) follows.

-- name: decide_like
WITH changed AS (
    INSERT INTO likes AS edge (slot, post_id, account_id, rev)
    VALUES (:slot, :post_id, :account_id, mint_id(:slot))
    ON CONFLICT (slot, post_id, account_id) DO UPDATE
    SET gone = false, rev = greatest(excluded.rev, edge.rev + 1) WHERE edge.gone
    RETURNING rev
)
SELECT rev, true AS changed FROM changed
UNION ALL
SELECT rev, false FROM likes
WHERE slot = :slot AND post_id = :post_id AND account_id = :account_id AND NOT gone
  AND NOT EXISTS (SELECT FROM changed);

-- name: decide_unlike
WITH changed AS (
    UPDATE likes SET gone = true, rev = greatest(mint_id(:slot), rev + 1)
    WHERE slot = :slot AND post_id = :post_id AND account_id = :account_id AND NOT gone
    RETURNING rev
)
SELECT rev, true AS changed FROM changed
UNION ALL
SELECT rev, false FROM likes
WHERE slot = :slot AND post_id = :post_id AND account_id = :account_id AND gone
  AND NOT EXISTS (SELECT FROM changed);

-- name: apply
INSERT INTO favourites AS edge (slot, account_id, post_id, rev, gone)
VALUES (:slot, :account_id, :post_id, :rev, :gone)
ON CONFLICT (slot, account_id, post_id) DO UPDATE SET rev = excluded.rev, gone = excluded.gone
WHERE edge.rev < excluded.rev;

-- name: likers_newest
SELECT account_id AS id, rev FROM likes
WHERE slot = :slot AND post_id = :post_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev DESC LIMIT :limit;

-- name: likers_oldest
SELECT account_id AS id, rev FROM likes
WHERE slot = :slot AND post_id = :post_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev LIMIT :limit;

-- name: favourites_newest
SELECT post_id AS id, rev FROM favourites
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev DESC LIMIT :limit;

-- name: favourites_oldest
SELECT post_id AS id, rev FROM favourites
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev LIMIT :limit;

-- name: end_all
-- The post is gone: every like of it becomes a tombstone with a newer rev, a page at a time.
UPDATE likes SET gone = true, rev = greatest(mint_id(:slot), rev + 1)
WHERE slot = :slot AND post_id = :post_id AND account_id IN (
    SELECT account_id FROM likes WHERE slot = :slot AND post_id = :post_id AND NOT gone ORDER BY account_id LIMIT :limit
)
RETURNING account_id, rev;

-- name: ended
-- Tombstones whose other end may not have heard: for a resumed purge.
SELECT account_id, rev FROM likes WHERE slot = :slot AND post_id = :post_id AND gone AND account_id > :cursor
ORDER BY account_id LIMIT :limit;

-- name: sweep_likes
-- scatter
DELETE FROM likes WHERE gone AND rev < :below;

-- name: sweep_favourites
-- scatter
DELETE FROM favourites WHERE gone AND rev < :below;
