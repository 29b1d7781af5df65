-- Posts live on their author's shard. `deleted_at` hides a post from that moment; the row goes last.

-- name: publish
-- The whole of a post but its photos in one statement, for the sake of the round trips: claim its idempotency key ('':
-- none), write it, note when its author last posted, count it, and leave the message of which feeds will hear.
-- That says how many these are, near enough. Gives its id, and a log position that lies before whatever may change the post later; no row when the key had been
-- claimed: two at once wait for each other here. What is not `counted`, a direct post, must not show in a number either.
WITH minted AS (
    SELECT mint_id(:slot::smallint) AS id
), claimed AS (
    INSERT INTO idempotency_keys (slot, account_id, key, post_id)
    SELECT :slot, :account_id, :key, id FROM minted WHERE :key::text <> ''
    ON CONFLICT DO NOTHING RETURNING post_id
), post AS (
    INSERT INTO posts (slot, id, account_id, text, spoiler_text, visibility, sensitive, language, tags, mentions,
                       application, media_count, in_reply_to_id, in_reply_to_account_id, root_id)
    SELECT :slot, id, :account_id, :text, :spoiler_text, :visibility, :sensitive, :language, :tags, :mentions,
           :application, :media_count, :in_reply_to_id, :in_reply_to_account_id, :root_id
    FROM minted WHERE :key = '' OR EXISTS (SELECT FROM claimed)
    RETURNING id, account_id
), author AS (
    UPDATE accounts SET last_post_at = now() FROM post
    WHERE accounts.slot = :slot AND accounts.id = post.account_id AND :counted::boolean
), counted AS (
    INSERT INTO count_deltas (slot, id, subject_id, kind, delta)
    SELECT :slot, mint_id(:slot), account_id, :count_kind, 1 FROM post WHERE :counted
), told AS (
    INSERT INTO outbox (slot, id, kind, payload, request_id, deliveries)
    SELECT :slot, mint_id(:slot), :message_kind,
           jsonb_build_object('post', id, 'author', account_id, 'only', :only::jsonb, 'reply', :reply::jsonb,
                              'tags', :listed::text[], 'addressed', :addressed::boolean, 'rings', :rings::boolean),
           :request_id, CASE WHEN :only IS NULL THEN (
               SELECT coalesce(sum(value), 0) FROM counts
               WHERE counts.slot = :slot AND subject_id = account_id AND kind = :followers_kind
           ) ELSE 0 END
    FROM post
)
SELECT id, (pg_current_wal_insert_lsn() - '0/0')::bigint AS position FROM post;

-- name: by_key
SELECT post_id FROM idempotency_keys WHERE slot = :slot AND account_id = :account_id AND key = :key;

-- name: forget_key
-- In the transaction that deletes the post: whoever sends the same again wants it again.
DELETE FROM idempotency_keys WHERE slot = :slot AND account_id = :account_id AND post_id = :post_id;

-- name: sweep_keys
-- scatter
DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day';

-- name: by_ids
SELECT id, account_id, text, spoiler_text, visibility, sensitive, language, tags, mentions, application, in_reply_to_id,
       in_reply_to_account_id, root_id, reblog_of_id, reblog_of_account_id, edited_at
FROM posts WHERE slot = ANY(:slots::smallint[]) AND id = ANY(:ids::bigint[]) AND deleted_at IS NULL;

-- name: lock_alive
-- The author of a post that is there; held until the end of the transaction, so that it is not deleted meanwhile
-- (SHARE: hiding a post is an update that KEY SHARE would let pass).
SELECT account_id FROM posts WHERE slot = :slot AND id = :id AND deleted_at IS NULL FOR SHARE;

-- name: hide
UPDATE posts SET deleted_at = now()
WHERE slot = :slot AND id = :id AND account_id = :account_id AND deleted_at IS NULL RETURNING visibility;

-- name: hidden
-- What a deleted post was, until it is removed.
SELECT id, account_id, visibility, tags, mentions, media_count, in_reply_to_id, in_reply_to_account_id, root_id,
       reblog_of_id, reblog_of_account_id
FROM posts WHERE slot = :slot AND id = :id AND deleted_at IS NOT NULL;

-- name: remove
DELETE FROM posts WHERE slot = :slot AND id = :id AND deleted_at IS NOT NULL;

-- name: newest_of
-- The newest posts of one author, for one viewer: direct ones (3) only if they name the viewer.
SELECT id FROM posts WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL
  AND (visibility <> 3 OR mentions @> jsonb_build_array(jsonb_build_object('id', :viewer::bigint)))
ORDER BY id DESC LIMIT :limit;

-- name: account_newest
-- `mentioned`: [{"id": viewer}]; `media_only`: with photos; `tag`: '' for any; `replies`: to others too, as to oneself.
SELECT id FROM posts
WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL AND id < :below AND id > :above
  AND (visibility = ANY(:visibilities::smallint[]) OR mentions @> :mentioned)
  AND (NOT :media_only::boolean OR media_count > 0) AND (:tag::text = '' OR :tag = ANY(tags))
  AND (:reblogs::boolean OR reblog_of_id IS NULL)
  AND (:replies::boolean OR in_reply_to_account_id IS NULL OR in_reply_to_account_id = account_id)
ORDER BY id DESC LIMIT :limit;

-- name: account_oldest
SELECT id FROM posts
WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL AND id < :below AND id > :above
  AND (visibility = ANY(:visibilities::smallint[]) OR mentions @> :mentioned)
  AND (NOT :media_only::boolean OR media_count > 0) AND (:tag::text = '' OR :tag = ANY(tags))
  AND (:reblogs::boolean OR reblog_of_id IS NULL)
  AND (:replies::boolean OR in_reply_to_account_id IS NULL OR in_reply_to_account_id = account_id)
ORDER BY id LIMIT :limit;

-- name: authored
-- All of an account's newest posts, with what timelines ask of them; `named`: whom those name that are for few.
SELECT id, visibility, media_count > 0 AS media, reblog_of_id IS NOT NULL AS reblog,
       coalesce(in_reply_to_account_id <> account_id, false) AS answer,
       CASE WHEN visibility > 1 THEN mentions END AS named
FROM posts WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL ORDER BY id DESC LIMIT :limit;

-- name: public_newest
-- scatter
-- Of nobody who is suspended, and not of the accounts `passed`: a reader must not have to walk through all that a spammer has
-- left, nor through all that somebody has written whom they mute. The author is asked for post by post: of a join with EXISTS the
-- planner expects a thousandth, slot and id being one to us but not to it, and reads and sorts all public posts for a page.
SELECT id FROM posts WHERE visibility = 0 AND deleted_at IS NULL AND id < :below AND id > :above
  AND reblog_of_id IS NULL AND (in_reply_to_account_id IS NULL OR in_reply_to_account_id = account_id)
  AND (NOT :media_only::boolean OR media_count > 0) AND account_id <> ALL(:passed::bigint[])
  AND (SELECT state FROM accounts AS author WHERE author.slot = posts.slot AND author.id = posts.account_id) = 'active'
ORDER BY id DESC LIMIT :limit;

-- name: public_oldest
-- scatter
SELECT id FROM posts WHERE visibility = 0 AND deleted_at IS NULL AND id < :below AND id > :above
  AND reblog_of_id IS NULL AND (in_reply_to_account_id IS NULL OR in_reply_to_account_id = account_id)
  AND (NOT :media_only::boolean OR media_count > 0) AND account_id <> ALL(:passed::bigint[])
  AND (SELECT state FROM accounts AS author WHERE author.slot = posts.slot AND author.id = posts.account_id) = 'active'
ORDER BY id LIMIT :limit;

-- name: pull_newest
-- The newest posts of many authors of one shard for one viewer: a few from each, by its index, then the newest of all.
-- Direct posts (3) only if they are the viewer's own or name them. Unless `everything`, no answers to others than the `followed`,
-- and no reblogs by the `silent`.
SELECT post.id FROM unnest(:slots::smallint[], :authors::bigint[]) AS author (slot, id)
JOIN accounts ON accounts.slot = author.slot AND accounts.id = author.id AND accounts.state = 'active'
CROSS JOIN LATERAL (
    SELECT posts.id FROM posts WHERE posts.slot = author.slot AND posts.account_id = author.id
      AND posts.deleted_at IS NULL AND posts.id < :below AND posts.id > :above
      AND (posts.visibility <> 3 OR author.id = :viewer
           OR posts.mentions @> jsonb_build_array(jsonb_build_object('id', :viewer::bigint)))
      AND (:everything::boolean OR author.id = :viewer OR posts.in_reply_to_account_id IS NULL
           OR posts.in_reply_to_account_id IN (author.id, :viewer) OR posts.in_reply_to_account_id = ANY(:followed::bigint[]))
      AND (:everything OR posts.reblog_of_id IS NULL OR author.id <> ALL(:silent::bigint[]))
    ORDER BY posts.id DESC LIMIT :limit
) AS post
ORDER BY post.id DESC LIMIT :limit;

-- name: pull_oldest
SELECT post.id FROM unnest(:slots::smallint[], :authors::bigint[]) AS author (slot, id)
JOIN accounts ON accounts.slot = author.slot AND accounts.id = author.id AND accounts.state = 'active'
CROSS JOIN LATERAL (
    SELECT posts.id FROM posts WHERE posts.slot = author.slot AND posts.account_id = author.id
      AND posts.deleted_at IS NULL AND posts.id < :below AND posts.id > :above
      AND (posts.visibility <> 3 OR author.id = :viewer
           OR posts.mentions @> jsonb_build_array(jsonb_build_object('id', :viewer::bigint)))
      AND (:everything::boolean OR author.id = :viewer OR posts.in_reply_to_account_id IS NULL
           OR posts.in_reply_to_account_id IN (author.id, :viewer) OR posts.in_reply_to_account_id = ANY(:followed::bigint[]))
      AND (:everything OR posts.reblog_of_id IS NULL OR author.id <> ALL(:silent::bigint[]))
    ORDER BY posts.id LIMIT :limit
) AS post
ORDER BY post.id LIMIT :limit;
