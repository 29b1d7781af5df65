-- What is known of the audiences of authors for whom push or pull matters. `reads` fades: what is :kept_s seconds old counts
-- 1/e of what is new, so `reads` over that time is a rate.

-- name: watched
-- scatter
SELECT account_id FROM audiences;

-- name: count_reads
-- In the order of the key, so that two processes that count at once do not wait for each other.
WITH seen AS (
    SELECT slot, account_id, more FROM unnest(:slots::smallint[], :accounts::bigint[], :reads::float8[])
        AS given (slot, account_id, more)
), held AS (
    SELECT known.slot, known.account_id, more FROM audiences AS known
    JOIN seen ON known.slot = seen.slot AND known.account_id = seen.account_id
    WHERE known.slot = ANY(:slots::smallint[]) ORDER BY known.slot, known.account_id FOR UPDATE OF known
)
UPDATE audiences
SET reads = reads * exp(-greatest(0, extract(epoch FROM now() - reads_at)::float8) / :kept_s::float8) + more, reads_at = now()
FROM held WHERE audiences.slot = held.slot AND audiences.account_id = held.account_id;

-- name: posts_since
-- How many posts for all followers an account has written since, counted up to :at_most.
SELECT count(*) FROM (
    SELECT FROM posts
    WHERE slot = :slot AND account_id = :account_id AND id > :above AND deleted_at IS NULL AND visibility < 3
    LIMIT :at_most
) AS lately;

-- name: sample
-- Each :step-th of the followers, beginning at :at, of the :most oldest and the :most newest accounts among them.
WITH oldest AS (
    SELECT follower_id, row_number() OVER () AS place FROM (
        SELECT follower_id FROM followers WHERE slot = :slot AND account_id = :account_id AND NOT gone
        ORDER BY follower_id LIMIT :most
    ) AS ordered
), newest AS (
    SELECT follower_id, row_number() OVER () AS place FROM (
        SELECT follower_id FROM followers WHERE slot = :slot AND account_id = :account_id AND NOT gone
        ORDER BY follower_id DESC LIMIT :most
    ) AS ordered
)
SELECT follower_id FROM oldest WHERE place % :step::integer = :at
UNION
SELECT follower_id FROM newest WHERE place % :step::integer = :at;

-- name: note
-- What has been seen of an audience, unless its account has been deleted meanwhile; gives how often a day it reads. Of one that is new, :reads is believed at first.
INSERT INTO audiences AS known (slot, account_id, followers, lists, posts_a_day, reads)
SELECT :slot::smallint, :account_id::bigint, :followers::bigint, :lists::bigint, :posts_a_day::float8, :reads::float8
WHERE EXISTS (SELECT FROM accounts WHERE slot = :slot AND id = :account_id AND state <> 'deleted')
ON CONFLICT (slot, account_id) DO UPDATE SET followers = excluded.followers, lists = excluded.lists,
    posts_a_day = excluded.posts_a_day, looked_at = now()
RETURNING reads * exp(-greatest(0, extract(epoch FROM now() - reads_at)::float8) / :kept_s::float8)
    * 86400 / :kept_s AS reads_a_day;

-- name: forget
DELETE FROM audiences WHERE slot = :slot AND account_id = :account_id;

-- name: due
-- (10000, written out for the index `audiences_famous`, is FAMOUS of domain/feeds/crowd.py.)
-- Authors whose audience has not been looked at for :seconds, the longest first; famous ones, who cost more, for :famous_seconds; and
-- pulled ones of whom nothing is known.
-- scatter
(
    SELECT account_id AS id FROM audiences WHERE looked_at < now() - make_interval(secs => :seconds)
    ORDER BY looked_at LIMIT :limit
)
UNION
(
    SELECT account_id AS id FROM audiences
    WHERE followers >= 10000 AND looked_at < now() - make_interval(secs => :famous_seconds) LIMIT :limit
)
UNION
(
    SELECT id FROM accounts WHERE pull_from < :never AND NOT EXISTS (
        SELECT FROM audiences WHERE audiences.slot = accounts.slot AND account_id = accounts.id
    ) LIMIT :limit
);
