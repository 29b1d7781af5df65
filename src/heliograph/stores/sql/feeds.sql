-- What feeds need to know of authors. The feeds themselves live in Valkey.

-- name: pulled
-- Authors and hashtags.
-- scatter
SELECT id, NULL AS tag FROM accounts WHERE pull_from IS NOT NULL
UNION ALL
SELECT id, name FROM tags WHERE pull_from IS NOT NULL;

-- name: start_pull
UPDATE accounts SET pull_from = coalesce(pull_from, :pull_from) WHERE slot = :slot AND id = :id RETURNING pull_from;

-- name: push_again
UPDATE accounts SET pull_from = :never WHERE slot = :slot AND id = :id AND pull_from < :never;

-- name: end_pull
UPDATE accounts SET pull_from = NULL WHERE slot = :slot AND id = :id AND pull_from = :never;

-- name: audience
-- From which id on an author is pulled, and how many follow.
SELECT pull_from, (
    SELECT coalesce(sum(value), 0)::bigint FROM (
        SELECT value FROM counts WHERE slot = :slot AND subject_id = :id AND kind = :kind
        UNION ALL
        SELECT delta FROM count_deltas WHERE slot = :slot AND subject_id = :id AND kind = :kind
    ) AS parts
) AS followers
FROM accounts WHERE slot = :slot AND id = :id;
