-- What one account is to others, all of it in one look.

-- name: of
-- `kind`: 1 follows (`flag`: their reblogs are shown), 2 blocks or is blocked by, 3 mutes (`flag`: their notifications
-- too; `until`), 4 follows a hashtag (`name`).
SELECT 1::smallint AS kind, target_id AS id, reblogs AS flag, NULL::timestamptz AS until, NULL::text AS name
FROM follows WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 2::smallint, target_id, true, NULL, NULL
FROM blocks WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 2::smallint, blocker_id, true, NULL, NULL
FROM blocked_by WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 3::smallint, target_id, notifications, expires_at, NULL
FROM mutes WHERE slot = :slot AND account_id = :account_id AND (expires_at IS NULL OR expires_at > now())
UNION ALL
SELECT 4::smallint, 0, true, NULL, tag
FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND NOT gone;
