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
FROM media WHERE slot = ANY(:slots::smallint[]) AND post_id = ANY(:ids::bigint[]) AND position >= 0
ORDER BY post_id, position;

-- name: ever_of_post
-- The photos that an edit took out of the post too (position -1): its history shows them for as long as it is there.
SELECT position, id, name, description, focus_x, focus_y, blurhash, variants
FROM media WHERE slot = :slot AND post_id = :post_id ORDER BY position, id;

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
UPDATE media SET post_id = :post_id, position = :position, detached_at = NULL
WHERE slot = :slot AND id = :id AND account_id = :account_id AND post_id IS NULL AND state = 'ready'
RETURNING id, name, description, focus_x, focus_y, blurhash, variants;

-- name: place
-- In the transaction of an edit: one that the post has had, or one's own that is decoded and not yet used.
UPDATE media SET post_id = :post_id, position = :position, detached_at = NULL,
    description = coalesce(:description::text, description),
    focus_x = coalesce(:focus_x::real, focus_x), focus_y = coalesce(:focus_y::real, focus_y)
WHERE slot = :slot AND id = :id AND account_id = :account_id
  AND (post_id = :post_id OR (post_id IS NULL AND state = 'ready'))
RETURNING id, name, description, focus_x, focus_y, blurhash, variants;

-- name: take_out
-- What an edit took out of a post: all but :ids.
UPDATE media SET position = -1 WHERE slot = :slot AND post_id = :post_id AND NOT id = ANY(:ids::bigint[]);

-- name: detach
-- In the transaction that deletes the post: its owner may attach the photos to another.
UPDATE media SET post_id = NULL, detached_at = now() WHERE slot = :slot AND post_id = :post_id;

-- name: take
-- A portrait is the account's from now on, and no orphan; nothing is affected when it has been swept.
DELETE FROM media WHERE slot = :slot AND account_id = :account_id AND name = :name AND post_id IS NULL;

-- name: remove
DELETE FROM media WHERE slot = :slot AND id = :id;

-- name: orphans
-- Uploads of before `below` that no post uses, nor has used since `before`.
-- scatter
SELECT slot, id, name, incoming, detached_at FROM media
WHERE post_id IS NULL AND id < :below AND (detached_at IS NULL OR detached_at < :before) ORDER BY id LIMIT :limit;

-- name: remove_orphan
DELETE FROM media
WHERE slot = :slot AND id = :id AND post_id IS NULL AND detached_at IS NOT DISTINCT FROM :detached_at::timestamptz;
