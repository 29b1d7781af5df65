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

-- name: audiences
-- What a site would know of audiences that have read :reads[i] pages a day, and will look at soon.
-- scatter
INSERT INTO audiences (slot, account_id, followers, lists, posts_a_day, reads, looked_at)
SELECT (author >> 12) & 1023, author, 0, 0, 0, reads * :days::float8, 'epoch'
FROM unnest(:authors::bigint[], :reads::float8[]) AS given (author, reads);

-- name: pull
-- From an id on; NULL: no longer.
-- scatter
UPDATE accounts SET pull_from = :pull_from::bigint WHERE id = ANY(:authors::bigint[]);

-- name: pulled
-- scatter
SELECT count(*) AS pulled FROM accounts WHERE pull_from IS NOT NULL;

-- name: post
-- scatter
INSERT INTO posts (slot, id, account_id, text, visibility)
SELECT (:author::bigint >> 12) & 1023, mint_id(((:author::bigint >> 12) & 1023)::smallint), :author, :text, 0 RETURNING id;
