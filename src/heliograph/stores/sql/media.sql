-- Photos: uploaded, decoded by a worker, attached to a post.

-- name: insert
INSERT INTO media (slot, id, account_id, name, incoming, description, focus_x, focus_y)
VALUES (:slot, mint_id(:slot), :account_id, :name, :incoming, :description, :focus_x, :focus_y)
RETURNING id;

-- name: by_id
SELECT id, account_id, post_id, state, problem, name, incoming, description, focus_x, focus_y, blurhash, variants
FROM media WHERE slot = :slot AND id = :id;

-- name: of_posts
SELECT post_id, id, name, description, focus_x, focus_y, blurhash, variants
FROM media WHERE slot = ANY(:slots::smallint[]) AND post_id = ANY(:ids::bigint[]) ORDER BY post_id, position;

-- name: ready
UPDATE media SET state = 'ready', incoming = '', blurhash = :blurhash, variants = :variants
WHERE slot = :slot AND id = :id AND state = 'waiting';

-- name: failed
UPDATE media SET state = 'failed', incoming = '', problem = :problem
WHERE slot = :slot AND id = :id AND state = 'waiting';

-- name: describe
UPDATE media SET description = coalesce(:description::text, description),
    focus_x = coalesce(:focus_x::real, focus_x), focus_y = coalesce(:focus_y::real, focus_y)
WHERE slot = :slot AND id = :id AND account_id = :account_id
RETURNING post_id;

-- name: attach
-- In the transaction of the post: only one's own, decoded, not yet used.
UPDATE media SET post_id = :post_id, position = :position
WHERE slot = :slot AND id = :id AND account_id = :account_id AND post_id IS NULL AND state = 'ready'
RETURNING id, name, description, focus_x, focus_y, blurhash, variants;

-- name: remove
DELETE FROM media WHERE slot = :slot AND id = :id;

-- name: orphans
-- Uploads of before `below` that no post uses.
-- scatter
SELECT slot, id, name, incoming FROM media WHERE post_id IS NULL AND id < :below ORDER BY id LIMIT :limit;

-- name: remove_orphan
DELETE FROM media WHERE slot = :slot AND id = :id AND post_id IS NULL;
