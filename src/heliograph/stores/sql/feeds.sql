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

-- name: audiences
-- From which id on authors are pulled, and how many follow each.
SELECT accounts.id, pull_from, (
    SELECT coalesce(sum(value), 0)::bigint FROM (
        SELECT value FROM counts WHERE counts.slot = accounts.slot AND subject_id = accounts.id AND kind = :kind
        UNION ALL
        SELECT delta FROM count_deltas
        WHERE count_deltas.slot = accounts.slot AND subject_id = accounts.id AND kind = :kind
    ) AS parts
) AS followers
FROM unnest(:slots::smallint[], :authors::bigint[]) AS author (slot, id)
JOIN accounts ON accounts.slot = author.slot AND accounts.id = author.id;
