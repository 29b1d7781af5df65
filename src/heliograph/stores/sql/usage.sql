-- How much the site is used, for what it says of itself.

-- name: accounts
-- scatter
SELECT count(*) AS accounts,
       count(*) FILTER (WHERE last_post_at > now() - interval '30 days') AS active_month,
       count(*) FILTER (WHERE last_post_at > now() - interval '180 days') AS active_half_year
FROM accounts WHERE state = 'active';

-- name: posts
-- scatter
SELECT (SELECT coalesce(sum(value), 0) FROM counts WHERE kind = :kind)::bigint
     + (SELECT coalesce(sum(delta), 0) FROM count_deltas WHERE kind = :kind)::bigint AS posts;

-- name: has_admin
-- scatter
SELECT EXISTS (SELECT FROM accounts WHERE role = 'admin') AS has_admin;
