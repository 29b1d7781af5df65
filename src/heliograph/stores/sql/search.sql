-- Finding by words. `low` and `high` bound a prefix by bytes (~>=~, ~<~: the order of text_pattern_ops), so that any
-- plan may use the index and no character of what somebody typed is a pattern.

-- name: add_words
INSERT INTO account_words (slot, account_id, word) SELECT :slot, :account_id, unnest(:words::text[])
ON CONFLICT DO NOTHING;

-- name: drop_words
DELETE FROM account_words WHERE slot = :slot AND account_id = :account_id AND word = ANY(:words::text[]);

-- name: accounts
-- Whoever has words that begin with all of those wanted: of each the first :scanned in the order of the index, which is
-- the shortest first, and besides these whoever is followed by 10,000 (those of whom `audiences` tells). The sub-queries
-- end in OFFSET 0, so that each candidate is looked up by its key and no table is read whole.
-- scatter
WITH wanted AS (
    SELECT low, high, n FROM unnest(:lows::text[], :highs::text[]) WITH ORDINALITY AS given (low, high, n)
), hit AS (
    SELECT wanted.n, word.account_id FROM wanted CROSS JOIN LATERAL (
        SELECT account_id FROM account_words WHERE word ~>=~ wanted.low AND word ~<~ wanted.high
        ORDER BY word USING ~<~, account_id LIMIT :scanned
    ) AS word
), matching AS (
    SELECT account_id AS id FROM hit GROUP BY account_id HAVING count(DISTINCT n) = cardinality(:lows) LIMIT :candidates
), famous AS (
    SELECT id FROM (SELECT slot, account_id AS id FROM audiences WHERE followers >= 10000) AS author WHERE NOT EXISTS (
        SELECT FROM wanted WHERE NOT EXISTS (
            SELECT FROM account_words WHERE slot = author.slot AND account_id = author.id
              AND word ~>=~ wanted.low AND word ~<~ wanted.high
        )
    )
)
SELECT account.id, account.is_handle, followers.value AS followers
FROM (SELECT id FROM matching UNION SELECT id FROM famous) AS candidate
CROSS JOIN LATERAL (
    SELECT slot, id, starts_with(lower(username), :first) AS is_handle FROM accounts
    WHERE slot = ((candidate.id >> 12) & 1023)::smallint AND id = candidate.id AND state = 'active'
      AND (discoverable OR id = :viewer)
    OFFSET 0
) AS account
LEFT JOIN LATERAL (
    SELECT value FROM counts WHERE slot = account.slot AND subject_id = account.id AND kind = :kind OFFSET 0
) AS followers ON true;

-- name: accounts_among
-- As `accounts`, of these alone, discoverable or not: `slots[i]` is the slot of `ids[i]`.
WITH wanted AS (
    SELECT low, high FROM unnest(:lows::text[], :highs::text[]) AS given (low, high)
), matching AS (
    SELECT known.slot, known.id FROM unnest(:slots::smallint[], :ids::bigint[]) AS known (slot, id)
    WHERE NOT EXISTS (
        SELECT FROM wanted WHERE NOT EXISTS (
            SELECT FROM account_words WHERE account_words.slot = known.slot AND account_id = known.id
              AND word ~>=~ wanted.low AND word ~<~ wanted.high
        )
    )
)
SELECT account.id, account.is_handle, followers.value AS followers FROM matching
CROSS JOIN LATERAL (
    SELECT slot, id, starts_with(lower(username), :first) AS is_handle FROM accounts
    WHERE accounts.slot = matching.slot AND id = matching.id AND state = 'active' OFFSET 0
) AS account
LEFT JOIN LATERAL (
    SELECT value FROM counts WHERE counts.slot = account.slot AND subject_id = account.id AND kind = :kind OFFSET 0
) AS followers ON true;

-- name: own_newest
-- Of the newest :window posts of an author within the bounds, those whose text and warning hold all words.
SELECT id FROM (
    SELECT id, spoiler_text, text FROM posts
    WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL AND reblog_of_id IS NULL
      AND id < :below AND id > :above
    ORDER BY id DESC LIMIT :window
) AS own
WHERE to_tsvector('simple', casefold(normalize(spoiler_text || ' ' || text, NFKC) COLLATE pg_unicode_fast))
      @@ plainto_tsquery('simple', casefold(normalize(:words, NFKC) COLLATE pg_unicode_fast))
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- name: own_oldest
SELECT id FROM (
    SELECT id, spoiler_text, text FROM posts
    WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL AND reblog_of_id IS NULL
      AND id < :below AND id > :above
    ORDER BY id LIMIT :window
) AS own
WHERE to_tsvector('simple', casefold(normalize(spoiler_text || ' ' || text, NFKC) COLLATE pg_unicode_fast))
      @@ plainto_tsquery('simple', casefold(normalize(:words, NFKC) COLLATE pg_unicode_fast))
ORDER BY id LIMIT :limit OFFSET :offset;

-- name: hashtags
-- Hashtags that begin as wanted: the first :candidates in the order of the index, which is the shortest first, and as many of
-- those that are most among the newest :window uses since :since. `uses` says how often since then, and stops counting at :counted.
-- scatter
WITH candidate AS (
    SELECT * FROM (
        SELECT slot, name FROM tags WHERE name ~>=~ :low AND name ~<~ :high ORDER BY name USING ~<~ LIMIT :candidates
    ) AS first
    UNION
    SELECT * FROM (
        SELECT slot, tag FROM (
            SELECT slot, tag FROM tag_posts WHERE post_id >= :since ORDER BY post_id DESC LIMIT :window
        ) AS recent WHERE tag ~>=~ :low AND tag ~<~ :high
        GROUP BY slot, tag ORDER BY count(*) DESC LIMIT :candidates
    ) AS busy
)
SELECT candidate.name, used.uses FROM candidate CROSS JOIN LATERAL (
    SELECT count(*) AS uses FROM (
        SELECT FROM tag_posts WHERE slot = candidate.slot AND tag = candidate.name AND post_id >= :since LIMIT :counted
    ) AS counted
) AS used
ORDER BY used.uses DESC, candidate.name LIMIT :limit;

-- name: hashtag_ids
SELECT name, id FROM tags WHERE slot = ANY(:slots::smallint[]) AND name = ANY(:names::text[]);

-- name: hashtag_days
-- Uses and users of hashtags, day by day (days since 2025-01-01 UTC), of at most the newest :counted uses of each.
SELECT given.name, (used.post_id >> 22) / 86400000 AS day, count(*) AS uses, count(DISTINCT used.account_id) AS accounts
FROM unnest(:slots::smallint[], :names::text[]) AS given (slot, name)
CROSS JOIN LATERAL (
    SELECT post_id, account_id FROM tag_posts
    WHERE tag_posts.slot = given.slot AND tag = given.name AND post_id >= :since ORDER BY post_id DESC LIMIT :counted
) AS used
GROUP BY given.name, day;

-- name: followed_hashtags
SELECT tag FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND tag = ANY(:names::text[]) AND NOT gone;

-- name: featured_hashtags
SELECT tag FROM featured_tags WHERE slot = :slot AND account_id = :account_id AND tag = ANY(:names::text[]);
