-- A society's past, made in bulk, for measurements of push and pull. Never used by the product.

-- name: history
-- `posts[i]` posts of `authors[i]`, evenly over the last week.
-- scatter
INSERT INTO posts (slot, id, account_id, text, visibility)
SELECT (author >> 12) & 1023,
       ((((extract(epoch FROM now()) * 1000)::bigint - 1735689600000 - (n * 604800000::bigint / (posts + 1))) << 22)
           | (((author >> 12) & 1023) << 12)) + place % 4096,
       author, :text, 0
FROM unnest(:authors::bigint[], :posts::integer[]) WITH ORDINALITY AS given (author, posts, place), generate_series(1, posts) AS n;

-- name: unpost
-- What has been posted above an id is gone, as if it had never been.
-- scatter
DELETE FROM posts WHERE id > :above;

-- name: untell
-- No message is under way.
-- scatter
DELETE FROM outbox;

-- name: audiences
-- What a site would know of audiences that have read :reads[i] pages a day for :days.
-- scatter
INSERT INTO audiences (slot, account_id, followers, lists, posts_a_day, reads)
SELECT (author >> 12) & 1023, author, followers, 0, 0, reads * :days::float8
FROM unnest(:authors::bigint[], :followers::bigint[], :reads::float8[]) AS given (author, followers, reads);

-- name: forget_audiences
-- scatter
DELETE FROM audiences;

-- name: look_again
-- All audiences have been looked at so long ago that whoever posts is looked at again.
-- scatter
UPDATE audiences SET looked_at = now() - make_interval(secs => :seconds);

-- name: pull
-- From an id on; NULL: no longer.
-- scatter
UPDATE accounts SET pull_from = :pull_from::bigint, pull_since = NULL, pull_until = NULL WHERE id = ANY(:authors::bigint[]);

-- name: pulled
-- scatter
SELECT id FROM accounts WHERE pull_from IS NOT NULL;
