-- Pins: an account's own posts at the top of its profile; they live with both. `rev` is their order.

-- name: lock
-- Only one pin of an account at a time is counted.
SELECT id FROM accounts WHERE slot = :slot AND id = :account_id FOR NO KEY UPDATE;

-- name: state
-- Whether the post is pinned, and how many are.
SELECT coalesce(bool_or(post_id = :post_id), false) AS pinned, count(*) AS pins
FROM pins WHERE slot = :slot AND account_id = :account_id;

-- name: add
INSERT INTO pins (slot, account_id, post_id, rev) VALUES (:slot, :account_id, :post_id, mint_id(:slot));

-- name: remove
DELETE FROM pins WHERE slot = :slot AND account_id = :account_id AND post_id = :post_id;

-- name: newest
SELECT post_id FROM pins WHERE slot = :slot AND account_id = :account_id ORDER BY rev DESC;
