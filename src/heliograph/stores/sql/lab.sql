-- A crowd for measurements, made in bulk: people with tokens, follows, posts. Never used by the product.

-- name: app
-- scatter
INSERT INTO apps (slot, id, client_id, secret_hash, name, redirect_uris, scopes)
VALUES (0, mint_id(0::smallint), :name, '', :name, '{}', '{read,write,follow}') RETURNING id;

-- name: people
-- scatter
WITH made AS (
    INSERT INTO accounts (slot, id, username)
    SELECT slot, mint_id(slot), :prefix || n
    FROM (SELECT n, (n * 7919 % 1008)::smallint AS slot FROM generate_series(:first::bigint, :last::bigint) AS n) AS numbered
    RETURNING slot, id, username
), words AS (
    INSERT INTO account_words (slot, account_id, word) SELECT slot, id, lower(username) FROM made
), held AS (
    INSERT INTO tokens (slot, hash, account_id, app_id, scopes)
    SELECT slot, sha256(convert_to(:secret || id, 'UTF8')), id, :app_id::bigint, '{read,write,follow}' FROM made
)
SELECT id FROM made ORDER BY id;

-- name: follow
-- Both ends of many follows: `followers[i]` follows `targets[i]`.
-- scatter
WITH edges AS (
    SELECT follower, target, mint_id(((target >> 12) & 1023)::smallint) AS rev
    FROM unnest(:followers::bigint[], :targets::bigint[]) AS edge (follower, target)
), near AS (
    INSERT INTO followers (slot, account_id, follower_id, rev)
    SELECT (target >> 12) & 1023, target, follower, rev FROM edges ON CONFLICT DO NOTHING
), counted AS (
    INSERT INTO counts (slot, subject_id, kind, value)
    SELECT (target >> 12) & 1023, target, 2, count(*) FROM edges GROUP BY target
    ON CONFLICT (slot, subject_id, kind) DO UPDATE SET value = counts.value + excluded.value
)
INSERT INTO follows (slot, account_id, target_id, rev)
SELECT (follower >> 12) & 1023, follower, target, rev FROM edges ON CONFLICT DO NOTHING;

-- name: posts
-- `each` posts of every author, without telling anybody.
-- scatter
INSERT INTO posts (slot, id, account_id, text, visibility, language)
SELECT (author >> 12) & 1023, mint_id(((author >> 12) & 1023)::smallint), author, :text, 0, 'en'
FROM unnest(:authors::bigint[]) AS author, generate_series(1, :each::integer);

-- name: posts_of
-- scatter
SELECT account_id, id FROM posts WHERE account_id = ANY(:authors::bigint[]);

-- name: pull
-- All posts of `authors` are pulled.
-- scatter
UPDATE accounts SET pull_from = 1 WHERE id = ANY(:authors::bigint[]);

-- name: publish
-- One post with its outbox message, committed as the product does it.
-- scatter
WITH post AS (
    INSERT INTO posts (slot, id, account_id, text, visibility)
    SELECT (:author::bigint >> 12) & 1023, mint_id(((:author::bigint >> 12) & 1023)::smallint), :author, :text, 0
    RETURNING slot, id
)
INSERT INTO outbox (slot, id, kind, payload)
SELECT slot, mint_id(slot), 'post.published', jsonb_build_object('post', id, 'author', :author::bigint) FROM post;

-- name: analyze
-- scatter
ANALYZE;

-- name: count_followers
-- scatter
INSERT INTO counts (slot, subject_id, kind, value) VALUES (:slot, :id, 2, :more)
ON CONFLICT (slot, subject_id, kind) DO UPDATE SET value = counts.value + excluded.value;

-- name: vacuum_followers
-- After a large load, so that no autovacuum begins in the middle of a measurement.
-- scatter
VACUUM ANALYZE followers;

-- name: vacuum_follows
-- scatter
VACUUM ANALYZE follows;

-- name: edge_bytes
-- What the follows take at both ends, indexes among it.
-- scatter
SELECT pg_total_relation_size('followers') + pg_total_relation_size('follows') AS bytes;

-- name: followed
SELECT target_id FROM follows WHERE slot = :slot AND account_id = :account_id AND NOT gone ORDER BY target_id;

-- name: mutuals
-- Both ends of an account's own edges are in its slot.
SELECT target_id FROM follows AS mine
WHERE slot = :slot AND account_id = :account_id AND NOT gone AND EXISTS (
    SELECT FROM followers WHERE slot = :slot AND account_id = :account_id AND follower_id = mine.target_id AND NOT gone
);

-- name: suggested
-- Whom `ids` follow, by how many of them, without `known`.
-- scatter
SELECT target_id, count(*) AS followers
FROM unnest(:ids::bigint[]) AS asked (id)
JOIN follows ON slot = (asked.id >> 12) & 1023 AND account_id = asked.id AND NOT gone
WHERE target_id <> ALL(:known::bigint[])
GROUP BY target_id ORDER BY followers DESC, target_id LIMIT :limit;
