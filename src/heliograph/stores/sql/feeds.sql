-- What feeds need to know of authors. The feeds themselves live in Valkey.

-- name: pulled
-- Authors and hashtags.
-- scatter
SELECT id, NULL AS tag, pull_from, pull_since, pull_until FROM accounts WHERE pull_from IS NOT NULL
UNION ALL
SELECT id, name, pull_from, NULL, NULL FROM tags WHERE pull_from IS NOT NULL;

-- name: pull_changes
-- Those of whom this has changed in so many seconds, by the clock that mints revisions; `pull_from` is null for those who are
-- pushed now.
-- scatter
WITH since AS (
    SELECT ((extract(epoch FROM clock_timestamp()) - :seconds::float8) * 1000 - 1735689600000)::bigint << 22 AS rev
)
SELECT id, NULL AS tag, pull_from, pull_since, pull_until FROM accounts WHERE pull_rev >= (SELECT rev FROM since)
UNION ALL
SELECT id, name, pull_from, NULL, NULL FROM tags WHERE pull_rev >= (SELECT rev FROM since);

-- name: start_pull
-- From :grace_ms ahead, by the clock that mints the ids of posts.
UPDATE accounts SET pull_from = coalesce(
    pull_from, ((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000 + :grace_ms::bigint) << 22
)
WHERE slot = :slot AND id = :id RETURNING pull_from;

-- name: push_again
-- Gives from which id on posts were pulled, and up to which they still are: :grace_ms ahead, as an id that names this time alone.
UPDATE accounts SET pull_from = :never, pull_since = pull_from, pull_until = mint_id(:slot) + (:grace_ms::bigint << 22)
WHERE slot = :slot AND id = :id AND pull_from < :never
RETURNING pull_since AS since, pull_until AS until;

-- name: end_pull
UPDATE accounts SET pull_from = NULL, pull_since = NULL, pull_until = NULL
WHERE slot = :slot AND id = :id AND pull_from = :never AND pull_until IS NOT DISTINCT FROM :until;

-- name: audiences
-- From which id on authors are pulled, how many follow each, how long ago, in seconds, their audience was looked at, and how
-- many followed then.
SELECT accounts.id, pull_from, (
    SELECT coalesce(sum(value), 0)::bigint FROM (
        SELECT value FROM counts WHERE counts.slot = accounts.slot AND subject_id = accounts.id AND kind = :kind
        UNION ALL
        SELECT delta FROM count_deltas
        WHERE count_deltas.slot = accounts.slot AND subject_id = accounts.id AND kind = :kind
    ) AS parts
) AS followers, extract(epoch FROM now() - looked_at)::float8 AS looked_s,
    audiences.followers AS looked_followers
FROM unnest(:slots::smallint[], :authors::bigint[]) AS author (slot, id)
JOIN accounts ON accounts.slot = author.slot AND accounts.id = author.id
LEFT JOIN audiences ON audiences.slot = author.slot AND audiences.account_id = author.id;
