-- Hashtags live in the slot of the SHA-256 of their name. What is asked of several takes their slots and names side by side.

-- name: lock_listed
-- A post that its hashtags list, held until the end of the transaction, so that it is neither deleted nor edited meanwhile.
-- The lock need not reach the disk: a crash ends it, and the one who held it.
SELECT account_id, tags, media_count > 0 AS media
FROM posts, (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE slot = :slot AND id = :id AND deleted_at IS NULL AND visibility = 0 AND reblog_of_id IS NULL
FOR SHARE OF posts;

-- name: of_post
-- The hashtags of a post, deleted or not.
SELECT tags FROM posts WHERE slot = :slot AND id = :id;

-- name: list
-- In the order of the names, so that two posts with the same new hashtags do not wait for each other.
WITH given AS (
    SELECT slot, name FROM unnest(:slots::smallint[], :names::text[]) AS given (slot, name)
), made AS (
    INSERT INTO tags (slot, name, id)
    SELECT given.slot, given.name, mint_id(given.slot) FROM given
    WHERE NOT EXISTS (SELECT FROM tags WHERE tags.slot = given.slot AND tags.name = given.name)
    ORDER BY given.name
    ON CONFLICT DO NOTHING
)
INSERT INTO tag_posts (slot, tag, post_id, account_id, media)
SELECT slot, name, :post_id, :account_id, :media FROM given WHERE slot = ANY(:slots) ORDER BY name
ON CONFLICT (slot, tag, post_id) DO UPDATE SET media = excluded.media WHERE tag_posts.media <> excluded.media;

-- name: unlist
DELETE FROM tag_posts WHERE slot = ANY(:slots::smallint[]) AND tag = ANY(:names::text[]) AND post_id = :post_id;

-- name: newest
-- The newest posts with any of these hashtags, and their authors, without those of the authors `passed`.
SELECT used.post_id AS id, min(used.account_id) AS account_id
FROM unnest(:slots::smallint[], :names::text[]) AS given (slot, name)
CROSS JOIN LATERAL (
    SELECT post_id, account_id FROM tag_posts
    WHERE tag_posts.slot = given.slot AND tag = given.name AND post_id < :below AND post_id > :above
      AND (NOT :media_only::boolean OR media) AND account_id <> ALL(:passed::bigint[])
    ORDER BY post_id DESC LIMIT :limit
) AS used
GROUP BY used.post_id ORDER BY used.post_id DESC LIMIT :limit;

-- name: kept
-- The newest posts with one hashtag, whoever wrote them.
SELECT post_id AS id, account_id, media FROM tag_posts
WHERE slot = :slot AND tag = :tag ORDER BY post_id DESC LIMIT :limit;

-- name: oldest
SELECT used.post_id AS id, min(used.account_id) AS account_id
FROM unnest(:slots::smallint[], :names::text[]) AS given (slot, name)
CROSS JOIN LATERAL (
    SELECT post_id, account_id FROM tag_posts
    WHERE tag_posts.slot = given.slot AND tag = given.name AND post_id < :below AND post_id > :above
      AND (NOT :media_only::boolean OR media) AND account_id <> ALL(:passed::bigint[])
    ORDER BY post_id LIMIT :limit
) AS used
GROUP BY used.post_id ORDER BY used.post_id LIMIT :limit;

-- name: make
INSERT INTO tags (slot, name, id) VALUES (:slot, :name, mint_id(:slot)) ON CONFLICT DO NOTHING;

-- name: decide_follow
WITH changed AS (
    INSERT INTO tag_followers AS edge (slot, tag, account_id, rev)
    VALUES (:slot, :tag, :account_id, mint_id(:slot))
    ON CONFLICT (slot, tag, account_id) DO UPDATE
    SET gone = false, rev = greatest(excluded.rev, edge.rev + 1) WHERE edge.gone
    RETURNING rev
)
SELECT rev, true AS changed FROM changed
UNION ALL
SELECT rev, false FROM tag_followers
WHERE slot = :slot AND tag = :tag AND account_id = :account_id AND NOT gone AND NOT EXISTS (SELECT FROM changed);

-- name: decide_unfollow
WITH changed AS (
    UPDATE tag_followers SET gone = true, rev = greatest(mint_id(:slot), rev + 1)
    WHERE slot = :slot AND tag = :tag AND account_id = :account_id AND NOT gone
    RETURNING rev
)
SELECT rev, true AS changed FROM changed
UNION ALL
SELECT rev, false FROM tag_followers
WHERE slot = :slot AND tag = :tag AND account_id = :account_id AND gone AND NOT EXISTS (SELECT FROM changed);

-- name: apply
INSERT INTO followed_tags AS edge (slot, account_id, tag, rev, gone)
VALUES (:slot, :account_id, :tag, :rev, :gone)
ON CONFLICT (slot, account_id, tag) DO UPDATE SET rev = excluded.rev, gone = excluded.gone
WHERE edge.rev < excluded.rev;

-- name: is_full
-- Whether an account that does not follow the hashtag follows as many as it may.
SELECT NOT EXISTS (
    SELECT FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND tag = :tag AND NOT gone
) AND :at_most <= (
    SELECT count(*) FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND NOT gone
) AS is_full;

-- name: followed_by
-- All that an account follows.
SELECT tag FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND NOT gone;

-- name: followed_newest
SELECT tag, rev FROM followed_tags
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev DESC LIMIT :limit;

-- name: followed_oldest
SELECT tag, rev FROM followed_tags
WHERE slot = :slot AND account_id = :account_id AND rev < :below AND rev > :above AND NOT gone
ORDER BY rev LIMIT :limit;

-- name: standing
-- Of some hashtags: whether each lists a post, and whether anybody follows it.
SELECT given.name,
       EXISTS (SELECT FROM tag_posts WHERE tag_posts.slot = given.slot AND tag = given.name AND post_id = :post_id) AS listed,
       EXISTS (SELECT FROM tag_followers WHERE tag_followers.slot = given.slot AND tag = given.name AND NOT gone) AS followed
FROM unnest(:slots::smallint[], :names::text[]) AS given (slot, name);

-- name: followers_page
-- For delivery: in the order of ids, so that a cursor can stand between two pages.
SELECT account_id FROM tag_followers
WHERE slot = :slot AND tag = :tag AND account_id > :cursor AND NOT gone ORDER BY account_id LIMIT :limit;

-- name: audience
-- From which id on a hashtag is pulled, and whether more than :push_limit follow it.
SELECT pull_from, (
    SELECT count(*) FROM (
        SELECT FROM tag_followers WHERE slot = :slot AND tag = :tag AND NOT gone LIMIT :push_limit + 1
    ) AS followers
) > :push_limit AS is_large
FROM tags WHERE slot = :slot AND name = :tag;

-- name: start_pull
UPDATE tags SET pull_from = coalesce(
    pull_from, ((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000 + :grace_ms::bigint) << 22
)
WHERE slot = :slot AND name = :tag RETURNING pull_from;

-- name: sweep_followers
-- scatter
DELETE FROM tag_followers WHERE gone AND rev < :below;

-- name: sweep_followed
-- scatter
DELETE FROM followed_tags WHERE gone AND rev < :below;

-- name: lock_account
-- Held until the end of the transaction: who features two at once features one after the other.
SELECT id FROM accounts WHERE slot = :slot AND id = :account_id FOR NO KEY UPDATE;

-- name: featured
SELECT id, tag FROM featured_tags WHERE slot = :slot AND account_id = :account_id ORDER BY id;

-- name: feature
INSERT INTO featured_tags (slot, account_id, id, tag) VALUES (:slot, :account_id, mint_id(:slot), :tag);

-- name: unfeature
DELETE FROM featured_tags WHERE slot = :slot AND account_id = :account_id AND (tag = :tag OR id = :id);

-- name: uses
-- How often one account has used each of some hashtags (counted up to :counted), and the last post with it.
SELECT given.name, used.uses, used.last FROM unnest(:slots::smallint[], :names::text[]) AS given (slot, name)
CROSS JOIN LATERAL (
    SELECT count(*) AS uses, max(post_id) AS last FROM (
        SELECT post_id FROM tag_posts
        WHERE tag_posts.slot = given.slot AND tag = given.name AND account_id = :account_id
        ORDER BY post_id DESC LIMIT :counted
    ) AS own
) AS used;

-- name: recent
-- The hashtags of the newest :window posts of an account, the most used first; what is featured is left out.
SELECT used.tag FROM (
    SELECT unnest(tags) AS tag FROM (
        SELECT tags FROM posts
        WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL AND visibility = 0 AND reblog_of_id IS NULL
        ORDER BY id DESC LIMIT :window
    ) AS recent
) AS used
WHERE NOT EXISTS (
    SELECT FROM featured_tags WHERE slot = :slot AND account_id = :account_id AND featured_tags.tag = used.tag
)
GROUP BY used.tag ORDER BY count(*) DESC, used.tag LIMIT :limit;
