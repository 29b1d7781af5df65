-- Both ends of a reblog. `reblogs` (with the original) decides and issues `rev`; `reposts` (with who reblogs) follows, and
-- names the row of `posts` that stands in feeds.

-- name: decide_reblog
WITH changed AS (
    INSERT INTO reblogs AS edge (slot, post_id, account_id, rev, visibility)
    VALUES (:slot, :post_id, :account_id, mint_id(:slot), :visibility)
    ON CONFLICT (slot, post_id, account_id) DO UPDATE
    SET gone = false, rev = greatest(excluded.rev, edge.rev + 1), visibility = excluded.visibility WHERE edge.gone
    RETURNING rev, visibility
)
SELECT rev, visibility, true AS changed FROM changed
UNION ALL
SELECT rev, visibility, false FROM reblogs
WHERE slot = :slot AND post_id = :post_id AND account_id = :account_id AND NOT gone
  AND NOT EXISTS (SELECT FROM changed);

-- name: decide_unreblog
WITH changed AS (
    UPDATE reblogs SET gone = true, rev = greatest(mint_id(:slot), rev + 1)
    WHERE slot = :slot AND post_id = :post_id AND account_id = :account_id AND NOT gone
    RETURNING rev, visibility
)
SELECT rev, visibility, true AS changed FROM changed
UNION ALL
SELECT rev, visibility, false FROM reblogs
WHERE slot = :slot AND post_id = :post_id AND account_id = :account_id AND gone
  AND NOT EXISTS (SELECT FROM changed);

-- name: apply
-- Only a newer rev does anything: then there is a row, and it names the post that stood for the older one, if any.
INSERT INTO reposts AS edge (slot, account_id, post_id, rev, gone)
VALUES (:slot, :account_id, :post_id, :rev, :gone)
ON CONFLICT (slot, account_id, post_id) DO UPDATE
SET rev = excluded.rev, gone = excluded.gone, repost_id = NULL WHERE edge.rev < excluded.rev
RETURNING old.repost_id AS ended;

-- name: write
-- The post that stands for a reblog, in one statement as in posts.publish: write it, name it in its edge, note when its
-- author last posted, count it, and leave the message of which feeds will hear. No row for an account that is no more.
WITH minted AS (
    SELECT mint_id(:slot::smallint) AS id FROM accounts
    WHERE slot = :slot AND accounts.id = :account_id AND state <> 'deleted'
), post AS (
    INSERT INTO posts (slot, id, account_id, text, visibility, reblog_of_id, reblog_of_account_id)
    SELECT :slot, id, :account_id, '', :visibility, :post_id, :author FROM minted
    RETURNING id
), edge AS (
    UPDATE reposts SET repost_id = post.id FROM post
    WHERE reposts.slot = :slot AND reposts.account_id = :account_id AND reposts.post_id = :post_id
), author AS (
    UPDATE accounts SET last_post_at = now() FROM post
    WHERE accounts.slot = :slot AND accounts.id = :account_id
), counted AS (
    INSERT INTO count_deltas (slot, id, subject_id, kind, delta)
    SELECT :slot, mint_id(:slot), :account_id, :count_kind, 1 FROM post
), told AS (
    INSERT INTO outbox (slot, id, kind, payload, request_id, deliveries)
    SELECT :slot, mint_id(:slot), :message_kind, jsonb_build_object('post', id, 'author', :account_id::bigint, 'only', NULL, 'addressed', false, 'rings', false),
           :request_id, (
               SELECT coalesce(sum(value), 0) FROM counts
               WHERE counts.slot = :slot AND subject_id = :account_id AND kind = :followers_kind
           )
    FROM post
)
SELECT id, (pg_current_wal_insert_lsn() - '0/0')::bigint AS position FROM post;

-- name: repost
SELECT repost_id FROM reposts WHERE slot = :slot AND account_id = :account_id AND post_id = :post_id AND NOT gone;

-- name: rebloggers_newest
-- Those who have done it openly: to whom a private reblog (2) shows is decided where it stands, in feeds.
SELECT account_id AS id, rev FROM reblogs
WHERE slot = :slot AND post_id = :post_id AND rev < :below AND rev > :above AND NOT gone AND visibility < 2
ORDER BY rev DESC LIMIT :limit;

-- name: rebloggers_oldest
SELECT account_id AS id, rev FROM reblogs
WHERE slot = :slot AND post_id = :post_id AND rev < :below AND rev > :above AND NOT gone AND visibility < 2
ORDER BY rev LIMIT :limit;

-- name: end_all
-- The post is gone: every reblog of it becomes a tombstone with a newer rev, a page at a time.
UPDATE reblogs SET gone = true, rev = greatest(mint_id(:slot), rev + 1)
WHERE slot = :slot AND post_id = :post_id AND account_id IN (
    SELECT account_id FROM reblogs WHERE slot = :slot AND post_id = :post_id AND NOT gone ORDER BY account_id LIMIT :limit
)
RETURNING account_id, rev;

-- name: ended
-- Tombstones whose other end may not have heard: for a resumed purge.
SELECT account_id, rev FROM reblogs WHERE slot = :slot AND post_id = :post_id AND gone AND account_id > :cursor
ORDER BY account_id LIMIT :limit;

-- name: sweep_reblogs
-- scatter
DELETE FROM reblogs WHERE gone AND rev < :below;

-- name: sweep_reposts
-- scatter
DELETE FROM reposts WHERE gone AND rev < :below;
