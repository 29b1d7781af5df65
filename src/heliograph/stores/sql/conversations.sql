-- Threads of direct posts, a row with each participant. `hidden`: removed by them, until somebody writes in it again.

-- name: add
-- A post of `author_id` for `everybody`. Only a newer post changes a row. Not with whom blocks its author, or is blocked.
INSERT INTO conversations AS had (slot, account_id, root_id, id, last_post_id, people, unread)
SELECT told.slot, told.account_id, :root_id, mint_id(told.slot), :post_id,
       array_remove(:everybody::bigint[], told.account_id), told.account_id <> :author_id::bigint
FROM unnest(:slots::smallint[], :account_ids::bigint[]) AS told (slot, account_id)
WHERE NOT EXISTS (SELECT FROM blocks WHERE blocks.slot = told.slot AND blocks.account_id = told.account_id
                  AND blocks.target_id = :author_id AND NOT blocks.gone)
  AND NOT EXISTS (SELECT FROM blocked_by WHERE blocked_by.slot = told.slot AND blocked_by.account_id = told.account_id
                  AND blocked_by.blocker_id = :author_id AND NOT blocked_by.gone)
ON CONFLICT (slot, account_id, root_id) DO UPDATE
SET last_post_id = excluded.last_post_id, people = excluded.people, unread = excluded.unread, hidden = false
WHERE had.last_post_id < excluded.last_post_id
RETURNING account_id, id;

-- name: newest
SELECT id, last_post_id, people, unread FROM conversations
WHERE slot = :slot AND account_id = :account_id AND NOT hidden AND last_post_id < :below AND last_post_id > :above
ORDER BY last_post_id DESC LIMIT :limit;

-- name: oldest
SELECT id, last_post_id, people, unread FROM conversations
WHERE slot = :slot AND account_id = :account_id AND NOT hidden AND last_post_id < :below AND last_post_id > :above
ORDER BY last_post_id LIMIT :limit;

-- name: one
SELECT id, last_post_id, people, unread FROM conversations
WHERE slot = :slot AND account_id = :account_id AND id = :id AND NOT hidden;

-- name: mark
UPDATE conversations SET unread = :unread
WHERE slot = :slot AND account_id = :account_id AND id = :id AND NOT hidden;

-- name: hide
UPDATE conversations SET hidden = true, unread = false
WHERE slot = :slot AND account_id = :account_id AND id = :id AND NOT hidden;

-- name: thread
-- The newest posts of a thread, which begins with `root_id` itself.
SELECT post_id FROM threads WHERE slot = :slot AND root_id = :root_id AND post_id < :below
ORDER BY post_id DESC LIMIT :limit;

-- name: fall_back
UPDATE conversations SET last_post_id = :earlier_id, people = :people
WHERE slot = :slot AND account_id = :account_id AND root_id = :root_id AND last_post_id = :post_id;

-- name: end
DELETE FROM conversations
WHERE slot = :slot AND account_id = :account_id AND root_id = :root_id AND last_post_id = :post_id;

-- name: sweep
-- scatter
DELETE FROM conversations WHERE hidden AND last_post_id < :below;
