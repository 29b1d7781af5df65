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

-- name: fans
-- Followers for each author that are nothing but ids: of numbers below `count`, a `stride` apart, the `begin`th to before the `end`th.
-- scatter
WITH authors AS (
    SELECT author, nth FROM unnest(:authors::bigint[]) WITH ORDINALITY AS listed (author, nth)
), counted AS (
    INSERT INTO counts (slot, subject_id, kind, value)
    SELECT (author >> 12) & 1023, author, 2, :end::integer - :begin::integer FROM authors
    ON CONFLICT (slot, subject_id, kind) DO UPDATE SET value = counts.value + excluded.value
)
INSERT INTO followers (slot, account_id, follower_id, rev)
SELECT (author >> 12) & 1023, author, ((:first::bigint + number) << 22) | ((number * 7919 % 1008) << 12), (nth << 32) | number
FROM (
    SELECT author, nth, (nth * 977 + step * :stride::bigint) % :count::bigint AS number
    FROM authors, generate_series(:begin, :end - 1) AS step
) AS numbered;

-- name: publish
-- `each` posts of every author with their outbox messages, committed as the product does it.
-- scatter
WITH post AS (
    INSERT INTO posts (slot, id, account_id, text, visibility)
    SELECT (author >> 12) & 1023, mint_id(((author >> 12) & 1023)::smallint), author, :text, 0
    FROM unnest(:authors::bigint[]) AS author, generate_series(1, :each::integer)
    RETURNING slot, id, account_id
), told AS (
    INSERT INTO outbox (slot, id, kind, payload, deliveries)
    SELECT slot, mint_id(slot), 'post.published', 
           jsonb_build_object('post', id, 'author', account_id, 'addressed', false, 'rings', true),
           (SELECT coalesce(sum(value), 0) FROM counts WHERE counts.slot = post.slot AND subject_id = account_id AND kind = 2)
    FROM post
)
SELECT id FROM post;

-- name: undelivered
-- How many of these posts are still to be delivered.
-- scatter
SELECT count(*) FROM outbox
WHERE dead_at IS NULL AND (payload->>'post')::bigint IN (SELECT post FROM unnest(:posts::bigint[]) AS given (post));

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

-- name: answer
-- An answer by each of `fans` to each of the `roots` oldest posts; gives what was answered.
-- scatter
WITH root AS (
    SELECT id, account_id FROM posts ORDER BY id LIMIT :roots
), answer AS (
    INSERT INTO posts (slot, id, account_id, text, visibility, language, in_reply_to_id, in_reply_to_account_id, root_id)
    SELECT (fan >> 12) & 1023, mint_id(((fan >> 12) & 1023)::smallint), fan, :text, 0, 'en', root.id, root.account_id, root.id
    FROM root CROSS JOIN unnest(:fans::bigint[]) AS fan RETURNING id, root_id
), placed AS (
    INSERT INTO threads (slot, root_id, post_id, parent_id)
    SELECT (root_id >> 12) & 1023, root_id, id, root_id FROM answer
)
SELECT id FROM root;

-- name: tell
-- Every author is told that `fans` like their posts.
-- scatter
INSERT INTO notifications (slot, id, account_id, kind, from_id, subject_id, rev)
SELECT post.slot, mint_id(post.slot), post.account_id, 6, fan, post.id, post.id
FROM posts AS post CROSS JOIN unnest(:fans::bigint[]) AS fan WHERE fan <> post.account_id;

-- name: tag
-- Every public post is listed by a hashtag.
-- scatter
INSERT INTO tag_posts (slot, tag, post_id, account_id)
SELECT :slot, :tag, id, account_id FROM posts WHERE visibility = 0 AND in_reply_to_id IS NULL;

-- name: authors
-- Who wrote the posts.
SELECT posts.id, posts.account_id, accounts.username FROM posts
JOIN accounts ON accounts.slot = posts.slot AND accounts.id = posts.account_id
WHERE posts.slot = ANY(:slots::smallint[]) AND posts.id = ANY(:ids::bigint[]);

-- name: transactions
-- How many transactions the server has ended, those of a session at the latest some ten seconds ago.
-- scatter
SELECT xact_commit + xact_rollback AS ended FROM pg_stat_database WHERE datname = current_database();
