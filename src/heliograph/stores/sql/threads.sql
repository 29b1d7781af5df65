-- Threads: `threads` lives with the post that a thread began with, `replies` with the post that is answered.

-- name: enter
INSERT INTO threads (slot, root_id, post_id, parent_id) VALUES (:slot, :root_id, :post_id, :parent_id)
ON CONFLICT (slot, root_id, post_id) DO NOTHING;

-- name: leave
-- The row stays: what hangs on it keeps its place. It is written too when nobody has entered yet, so that nobody will.
INSERT INTO threads AS entry (slot, root_id, post_id, parent_id, gone) VALUES (:slot, :root_id, :post_id, :parent_id, true)
ON CONFLICT (slot, root_id, post_id) DO UPDATE SET gone = true WHERE NOT entry.gone;

-- name: count
INSERT INTO replies (slot, post_id, reply_id) VALUES (:slot, :post_id, :reply_id)
ON CONFLICT (slot, post_id, reply_id) DO NOTHING;

-- name: uncount
-- Whether the reply had been counted; no row when it has been taken back already.
INSERT INTO replies AS reply (slot, post_id, reply_id, gone) VALUES (:slot, :post_id, :reply_id, true)
ON CONFLICT (slot, post_id, reply_id) DO UPDATE SET gone = true WHERE NOT reply.gone
RETURNING old.reply_id IS NOT NULL AS counted;

-- name: forget_replies
DELETE FROM replies WHERE slot = :slot AND post_id = :post_id;

-- name: around
-- What lies above and below a post of a thread: each post with the one that it answers. `depth`: -1 is the post's own
-- place, from there up; 1 and more lie below it. Of what lies below, `:below` posts, the nearest levels first. The limits
-- inside keep the planner from reading the whole thread anew at each step.
WITH RECURSIVE up AS (
    SELECT post_id, parent_id, -1 AS depth
    FROM threads WHERE slot = :slot AND root_id = :root_id AND post_id = :post_id
    UNION ALL
    SELECT entry.post_id, entry.parent_id, up.depth - 1
    FROM up CROSS JOIN LATERAL (
        SELECT post_id, parent_id FROM threads
        WHERE slot = :slot AND root_id = :root_id AND post_id = up.parent_id LIMIT 1
    ) AS entry
    WHERE up.depth > -:above::int
), down AS (
    SELECT post_id, parent_id, 1 AS depth
    FROM threads WHERE slot = :slot AND root_id = :root_id AND parent_id = :post_id
    UNION ALL
    SELECT entry.post_id, entry.parent_id, down.depth + 1
    FROM down CROSS JOIN LATERAL (
        SELECT post_id, parent_id FROM threads
        WHERE slot = :slot AND root_id = :root_id AND parent_id = down.post_id LIMIT :below
    ) AS entry
    WHERE down.depth < :deep::int
)
SELECT post_id, parent_id, depth FROM up
UNION ALL
(SELECT post_id, parent_id, depth FROM down LIMIT :below);

-- name: places
-- The places of a thread, one more than are kept.
SELECT post_id, parent_id FROM threads WHERE slot = :slot AND root_id = :root_id ORDER BY post_id LIMIT :most;

-- name: sweep_threads
-- scatter
-- Places of deleted posts on which nothing hangs (any more).
DELETE FROM threads AS entry WHERE gone AND post_id < :below AND NOT EXISTS (
    SELECT FROM threads AS child
    WHERE child.slot = entry.slot AND child.root_id = entry.root_id AND child.parent_id = entry.post_id
);

-- name: sweep_replies
-- scatter
DELETE FROM replies WHERE gone AND reply_id < :below;
