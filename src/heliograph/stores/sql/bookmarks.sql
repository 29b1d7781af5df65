-- Bookmarks: with who bookmarks, and nowhere else. `rev` is their order.

-- name: add
INSERT INTO bookmarks (slot, account_id, post_id, rev) VALUES (:slot, :account_id, :post_id, mint_id(:slot))
ON CONFLICT (slot, account_id, post_id) DO NOTHING;

-- name: remove
DELETE FROM bookmarks WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[]);

-- name: newest
SELECT post_id AS id, rev FROM bookmarks
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above
ORDER BY rev DESC LIMIT :limit;

-- name: oldest
SELECT post_id AS id, rev FROM bookmarks
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above
ORDER BY rev LIMIT :limit;

-- name: end_all
-- scatter
-- The post is gone.
DELETE FROM bookmarks WHERE post_id = :post_id;
